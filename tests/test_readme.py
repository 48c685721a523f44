"""The README's commands and code run in their order, each as a process, and print what it shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import ROOT, code_blocks, missing_lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, marks=[pytest.mark.full] if block.slow else [], id=block.name)
        for block in code_blocks(ROOT / "README.md")
    ],
)
def test_code_runs_and_prints_what_the_readme_shows(block, folder):
    program = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    finished = subprocess.run(
        [*program, block.code], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", timeout=600,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout[-2000:]
    assert not missing_lines(block.output, finished.stdout), finished.stdout[-4000:]
