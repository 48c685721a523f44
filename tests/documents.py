"""The documents of the repository as tests see them: blocks that run, what they print, links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md"))]
# ```bash and ```python run; ``` and ```py do not. A block that stands right below in ```text is what it prints.
BLOCK = re.compile(
    r"^(?P<slow><!-- slow -->\n)?```(?P<language>bash|python)\n(?P<code>.*?)^```(?:\n<!-- end -->)?"
    r"(?:\n\n```text\n(?P<shown>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)
INSTALL = re.compile(r"^pip install \S+ \S+ && ", re.MULTILINE)
NUMBER = re.compile(r"\d[\d,]*(\.\d+)?(e[-+]\d+)?")


@dataclass(frozen=True)
class Block:
    """A piece of code in a document."""

    language: str
    code: str
    shown: str
    """What it prints, as the document has it; empty if that is not said."""
    slow: bool

    @property
    def name(self) -> str:
        """Its last line."""
        return self.code.splitlines()[-1][:60]


def blocks(document):
    """The blocks that run, in order, without what installs the package or runs these tests."""
    for found in BLOCK.finditer(document.read_text(encoding="utf-8")):
        code = INSTALL.sub("", found["code"])
        if "pytest" not in code and "tox" not in code:
            yield Block(found["language"], code, found["shown"] or "", bool(found["slow"]))


def missing(shown, printed):
    """Lines of a document that a program did not print; figures may be others, and ``...`` stands for any lines."""
    lines = [_masked(line) for line in printed.splitlines()]
    for part in re.split(r"^\.\.\.\n?", shown, flags=re.MULTILINE):
        wanted = [_masked(line) for line in part.splitlines()]
        found = (at for at in range(len(lines) - len(wanted) + 1) if lines[at : at + len(wanted)] == wanted)
        if (at := next(found, None)) is None:
            return part
        lines = lines[at + len(wanted) :]
    return ""


def _masked(line):
    return " ".join(NUMBER.sub("#", line).split())
