"""The pages: their code runs and prints what they show, their links resolve, generated pages are up to date."""

import contextlib
import importlib
import os
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, FENCED, LINK, ROOT, code_blocks, local_links, missing_lines
from tests.pipelines.conftest import command

BUNDLE = "saved_models/bbc-word_cnn"
STATEMENT = re.compile(r"^.*?<<'(\w+)'[^\n]*\n.*?^\1$|^(?:[^\n]*\\\n)*[^\n]+$", re.MULTILINE | re.DOTALL)
FAST = {"README.zh.md", "docs/data_formats.md"}
"""Pages whose code runs by default; that of all others takes minutes."""
OTHER_DOCUMENTS = [ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "saved_models/README.md")]
OPTIONS_OF_OTHER_PROGRAMS = {
    "--help", "--check", "--conf-dir", "--fail-on-warning", "--gpus", "--gpus-per-task", "--follow", "--address",
    "--core-hour", "--no-deps", "--model-repository", "--help-all", "--version", "--recipe", "--logdir",
}  # fmt: skip
COMMAND = re.compile(r"python -m pipelines\.(\w+)([^|&;<>]*)")


def page_name(document):
    return document.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """A folder with the bundle of the quickstart, trained for fewer epochs."""
    folder = tmp_path_factory.mktemp("quickstart")
    finished = command("train", "--epochs", 2, "--text.max-length", 64, cwd=folder)
    assert finished.status == 0, finished.err
    return folder


@pytest.fixture(scope="module")
def working_folder(tmp_path_factory, request):
    """Return the working folder of a page, one per page."""
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
    """The names that the Python code of each page has defined so far."""
    return {}


def run_bash(code, folder):
    """Run a block and return its output. kerascnn's commands run in this process, all others in bash."""
    printed = ""
    for statement in STATEMENT.finditer(code):
        match = COMMAND.fullmatch(statement[0].replace("\\\n", " "))
        if match:
            finished = command(match[1], *shlex.split(match[2]), cwd=folder)
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
            marks=[pytest.mark.full] if block.slow or page_name(page) not in FAST else [],
            id=f"{page_name(page)}: {block.name}",
        )
        for page in DOCUMENTS[1:]
        for block in code_blocks(page)
    ],
)
def test_code_runs_and_prints_what_the_page_shows(document, block, working_folder, namespaces, capsys):
    if block.language == "bash":
        printed = run_bash(block.code, working_folder(document))
    else:
        with contextlib.chdir(working_folder(document)):
            exec(compile(block.code, page_name(document), "exec"), namespaces.setdefault(document, {}))
        printed = capsys.readouterr().out
    assert not missing_lines(block.output, printed), printed[-4000:]


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHER_DOCUMENTS], ids=page_name)
def test_links_lead_to_files_and_headings(document):
    for target in local_links(document):
        path, _, heading = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.is_file(), target
        assert not heading or heading in heading_anchors(linked), target


def test_readme_has_no_relative_links_since_pypi_shows_it():
    targets = LINK.findall(FENCED.sub("", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert not [target for target in targets if not target.startswith(("https://", "#"))]


def test_pictures_are_small():
    assert all(picture.stat().st_size < 150_000 for picture in (ROOT / "docs" / "images").iterdir())


def heading_anchors(document):
    """The anchors of the headings of a page, as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def test_every_page_is_in_the_navigation_of_the_site():
    navigation = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    pages = [document.relative_to(ROOT).with_suffix("").as_posix() for document in DOCUMENTS[1:]]
    assert not [page for page in pages if not re.search(rf"\b{re.escape(page)}\b", navigation)]


def test_the_search_of_the_site_finds_chinese_by_pairs_of_characters():
    pytest.importorskip("sphinx", reason="needs the extra docs")
    search = runpy.run_path(str(ROOT / "docs" / "conf.py"))["SearchEnglishAndChinese"]({})
    assert search.split("char_cnn 不用分词, 2 models") == ["char_cnn", "不用", "用分", "分词", "2", "models"]


def resolve(path):
    """Import the object of a dotted path."""
    module, attributes = path, []
    while True:
        try:
            found = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, attribute = module.rpartition(".")
            attributes.insert(0, attribute)
    for attribute in attributes:
        found = getattr(found, attribute)
    return found


def test_api_page_names_existing_objects_and_members():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    directives = re.findall(r"^\.\. autoapi\w+:: (\S+)(?:\n   :members: (.+))?", page, re.MULTILINE)
    assert directives
    for path, members in directives:
        documented = resolve(path)
        annotations = {
            name for base in getattr(documented, "__mro__", ()) for name in vars(base).get("__annotations__", {})
        }
        assert {*filter(None, (members or "").split(", "))} <= {*dir(documented), *annotations}, path


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHER_DOCUMENTS], ids=page_name)
def test_paths_and_dotted_names_exist(document):
    text = document.read_text(encoding="utf-8")
    for path in re.findall(r"(?<![\w/.])(?:kerascnn|pipelines|benchmarks|tests|docs)/[\w./-]*\w", text):
        assert (ROOT / path).exists() or "NAME" in path, path
    for path in re.findall(r"(?<![\w./])kerascnn(?:\.[A-Za-z_]\w*)+", text):
        resolve(path)


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHER_DOCUMENTS], ids=page_name)
def test_options_exist(document):
    generated = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("settings.md", "commands.md"))
    known = {name.replace("_", "-") for name in re.findall(r"`(--[\w.-]+)`", generated)}
    known |= {f"--{name}".replace("_", "-") for name in re.findall(r"^\| `(\w+(?:\.\w+)?)`", generated, re.MULTILINE)}
    text = re.sub(r"^python -m benchmarks .*$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for option in re.findall(r"(?<![\w-])--[a-z][\w.-]*\w", text):
        name = option.replace("_", "-").replace(".no-", ".")
        assert name in known | OPTIONS_OF_OTHER_PROGRAMS, option


@pytest.mark.parametrize("document", [*DOCUMENTS, *OTHER_DOCUMENTS], ids=page_name)
def test_settings_exist(document):
    setting = r"(?:source|text|training|transfer|distillation|masking|network)\.[a-z_]+"
    known = set(re.findall(rf"`({setting})`", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
    named = re.findall(rf"(?<![\w/.-])({setting})(?![\w-])", document.read_text(encoding="utf-8"))
    assert {name for name in named if not name.endswith((".js", ".md"))} <= known


def test_install_commands_name_existing_extras():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    groups = re.findall(r'pip install (?:--\S+ )?(?:-e )?"[.\w]*\[([\w,-]+)\]"', text)
    assert groups
    assert {extra for group in groups for extra in group.split(",")} <= set(extras)


def test_generated_pages_are_up_to_date(tmp_path):
    finished = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    pages = sorted(path.name for path in tmp_path.iterdir())
    assert pages == ["commands.md", "settings.md"]
    for name in pages:
        assert (tmp_path / name).read_text(encoding="utf-8") == (ROOT / "docs" / name).read_text(encoding="utf-8"), (
            f"docs/{name} is older than the code; run python docs/generate.py"
        )
