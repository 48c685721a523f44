"""The documents of the repository: their code blocks, the output they show, and their links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]
REPOSITORY = "https://github.com/kerascnn/kerascnn"
"""PyPI shows the README outside the repository, so the README links to files by their full address."""
FILE_URLS = (f"{REPOSITORY}/blob/main/", "https://raw.githubusercontent.com/kerascnn/kerascnn/main/")
# ```bash and ```python run; ``` and ```py do not. A ```text block right below is the output.
BLOCK = re.compile(
    r"^(?P<slow><!-- slow -->\n)?```(?P<language>bash|python)\n(?P<code>.*?)^```(?:\n<!-- end -->)?"
    r"(?:\n\n```text\n(?P<output>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
INSTALL = re.compile(r"^pip install \S+ \S+ && ", re.MULTILINE)
NUMBER = re.compile(r"\d[\d,]*(\.\d+)?(e[-+]\d+)?")


@dataclass(frozen=True)
class Block:
    """A block of code in a document."""

    language: str
    code: str
    output: str
    """The output that the document shows; empty if it shows none."""
    slow: bool

    @property
    def name(self) -> str:
        """The last line of the code."""
        return self.code.splitlines()[-1][:60]


def code_blocks(document):
    """Yield the blocks that run, in order, without those that install the package or run these tests."""
    for match in BLOCK.finditer(document.read_text(encoding="utf-8")):
        code = INSTALL.sub("", match["code"])
        if "pytest" not in code and "tox" not in code:
            yield Block(match["language"], code, match["output"] or "", bool(match["slow"]))


def local_links(document):
    """Yield the links of a document to files and headings of the repository, relative to the document."""
    for target in LINK.findall(FENCED.sub("", document.read_text(encoding="utf-8"))):
        for url in FILE_URLS:
            if target.startswith(url):
                target = "/".join([".."] * len(document.relative_to(ROOT).parent.parts) + [target.removeprefix(url)])
        if not target.startswith(("https:", "http:")):
            yield target


def missing_lines(expected, printed):
    """Return the first part of ``expected`` that was not printed, or an empty string.

    Numbers may differ, and a line ``...`` matches any lines.
    """
    lines = [_mask_numbers(line) for line in printed.splitlines()]
    for part in re.split(r"^\.\.\.\n?", expected, flags=re.MULTILINE):
        wanted = [_mask_numbers(line) for line in part.splitlines()]
        starts = (at for at in range(len(lines) - len(wanted) + 1) if lines[at : at + len(wanted)] == wanted)
        if (start := next(starts, None)) is None:
            return part
        lines = lines[start + len(wanted) :]
    return ""


def _mask_numbers(line):
    return " ".join(NUMBER.sub("#", line).split())
