"""The pages beside the README: their commands run, their links lead somewhere, what is made from the code is new."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, blocks, missing
from tests.pipelines.conftest import command

BUNDLE = "saved_models/bbc-word_cnn"
STATEMENT = re.compile(r"^.*?<<'(\w+)'[^\n]*\n.*?^\1$|^(?:[^\n]*\\\n)*[^\n]+$", re.MULTILINE | re.DOTALL)
SHORT = {"README.zh.md", "docs/data_formats.md"}
"""Pages whose commands are run in the first tier; those of the others take minutes together."""
COMMAND = re.compile(r"python -m pipelines\.(\w+)([^|&;<>]*)")


def names(document):
    return str(document.relative_to(ROOT))


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """A folder with what the README's first command leaves, trained for less time."""
    folder = tmp_path_factory.mktemp("quickstart")
    finished = command("train", "--epochs", 2, "--text.max-length", 64, cwd=folder)
    assert finished.status == 0, finished.err
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory, request):
    """The folder that the reader of a page works in, a page a folder."""
    folders = {}

    def folder(document):
        if document not in folders:
            folders[document] = tmp_path_factory.mktemp(document.stem)
            if BUNDLE in document.read_text(encoding="utf-8"):
                (folders[document] / "saved_models").symlink_to(
                    request.getfixturevalue("quickstart") / "saved_models", target_is_directory=True
                )
        return folders[document]

    return folder


@pytest.fixture(scope="module")
def namespaces():
    """What the Python code of each page has defined so far."""
    return {}


def run_bash(code, folder):
    """What a block prints. Our commands run in this process, where TensorFlow has been started, all others in bash."""
    printed = ""
    for statement in STATEMENT.finditer(code):
        ours = COMMAND.fullmatch(statement[0].replace("\\\n", " "))
        if ours:
            finished = command(ours[1], *shlex.split(ours[2]), cwd=folder)
            printed += finished.err + finished.out
        else:
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            finished = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", statement[0]], cwd=folder, encoding="utf-8", timeout=600,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PATH": path, "PYTHONPATH": ""},
            )  # fmt: skip
            finished.status, printed = finished.returncode, printed + finished.stdout
        assert finished.status == 0, f"{statement[0]}\n{printed[-2000:]}"
    return printed


@pytest.mark.parametrize(
    ("document", "block"),
    [
        pytest.param(
            page,
            block,
            marks=[pytest.mark.full] if block.slow or names(page) not in SHORT else [],
            id=f"{names(page)}: {block.name}",
        )
        for page in DOCUMENTS[1:]
        for block in blocks(page)
    ],
)
def test_every_block_runs_and_prints_what_stands_below_it(document, block, place, namespaces, capsys):
    if block.language == "bash":
        printed = run_bash(block.code, place(document))
    else:
        with contextlib.chdir(place(document)):
            exec(compile(block.code, names(document), "exec"), namespaces.setdefault(document, {}))
        printed = capsys.readouterr().out
    assert not missing(block.shown, printed), printed[-4000:]


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_links_lead_to_files_and_headings(document):
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), target
        assert not heading or heading in headings(found), target


def headings(document):
    """The names by which links find the headings of a page, as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_the_commands_that_install_name_extras_that_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    named = re.findall(r'pip install (?:--\S+ )?(?:-e )?"[.\w]*\[([\w,-]+)\]"', text)
    assert named
    assert {extra for group in named for extra in group.split(",")} <= set(extras)


def test_pages_made_from_the_code_are_as_new_as_it(tmp_path):
    finished = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == ["commands.md", "settings.md"]
    for name in made:
        assert (tmp_path / name).read_text(encoding="utf-8") == (ROOT / "docs" / name).read_text(encoding="utf-8"), (
            f"docs/{name} is older than the code; run python docs/generate.py"
        )
