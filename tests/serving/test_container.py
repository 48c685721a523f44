"""The Dockerfile: what it copies exists and is sent to the build, and its command is one of this package."""

import fnmatch
import json
import re
import tomllib

from kerascnn.serving.config import ServingConfig
from pipelines.__main__ import COMMANDS
from tests.documents import ROOT

LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()


def test_copied_files_exist_and_are_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    sources = [
        name for line in LINES if (match := re.match(r"COPY (?!--from)(.*) \S+$", line)) for name in match[1].split()
    ]
    assert {"kerascnn", "pipelines", "pyproject.toml"} <= set(sources)
    for name in sources:
        assert (ROOT / name).exists() and f"!{name}" in ignored
    assert not [name for name in sources if any(fnmatch.fnmatch(name, pattern) for pattern in ignored[1:])]


def test_build_needs_only_copied_files():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    copied = " ".join(line for line in LINES if line.startswith("COPY"))
    assert all(name in copied for name in (project["readme"], *project["license-files"]))
    assert "serve" in project["optional-dependencies"] and any("[serve]" in line for line in LINES)


def test_command_and_port_are_those_of_the_server():
    [command] = [json.loads(line.removeprefix("ENTRYPOINT ")) for line in LINES if line.startswith("ENTRYPOINT")]
    assert command[0] == "kerascnn" and command[1] in COMMANDS and command[2] == "--host"
    assert f"EXPOSE {ServingConfig().port}" in LINES
