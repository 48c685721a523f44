"""The README's commands and code do what it says, in the order in which it says it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^(<!-- slow -->\n)?```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INSTALL = re.compile(r"^pip install \S+ \S+ && ", re.MULTILINE)


def blocks():
    """Language and code of each block, without what installs the package or runs these tests; a slow one is marked."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for slow, language, code in BLOCK.findall(text):
        code = INSTALL.sub("", code)
        if "pytest" not in code:
            yield pytest.param(language, code, marks=[pytest.mark.full] if slow else [], id=code.splitlines()[-1][:60])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(("language", "code"), blocks())
def test_every_block_runs(language, code, folder):
    program = ["bash", "-euo", "pipefail", "-c"] if language == "bash" else [sys.executable, "-c"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    finished = subprocess.run(
        [*program, code], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=600
    )
    assert finished.returncode == 0, finished.stderr[-2000:]


def test_the_commands_that_install_name_extras_that_exist():
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(
        r'pip install (?:--\S+ )?(?:-e )?"[.\w]*\[([\w,-]+)\]"', (ROOT / "README.md").read_text(encoding="utf-8")
    )
    assert named
    assert {extra for group in named for extra in group.split(",")} <= set(extras)
