"""What a wheel and an sdist hold: two packages, their data files, and nothing with a generic name."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import setuptools

from tests.conftest import SLOW_FILES
from tests.documents import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


@pytest.fixture(scope="module")
def tracked_files():
    """The paths of the repository that are under version control, or all of them in an sdist."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git repository")
    return [Path(line) for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_wheel_has_only_two_top_level_packages():
    packages = setuptools.find_packages(str(ROOT), include=SETUPTOOLS["packages"]["find"]["include"])
    assert {package.partition(".")[0] for package in packages} == {"kerascnn", "pipelines"}


def test_every_module_folder_is_a_package(tracked_files):
    packages = set(setuptools.find_packages(str(ROOT), include=SETUPTOOLS["packages"]["find"]["include"]))
    folders = {
        file.parent for file in tracked_files if file.suffix == ".py" and file.parts[0] in SETUPTOOLS["package-data"]
    }
    assert {".".join(folder.parts) for folder in folders} <= packages


def test_wheel_has_every_data_file(tracked_files):
    missing = [
        str(file)
        for file in tracked_files
        if (globs := SETUPTOOLS["package-data"].get(file.parts[0])) and file.suffix != ".py"
        if not any(file.relative_to(file.parts[0]).match(glob) for glob in globs)
    ]
    assert not missing


@pytest.mark.parametrize("package", ["kerascnn", "pipelines"])
def test_packages_are_marked_as_typed(package):
    assert (ROOT / package / "py.typed").is_file()
    assert "py.typed" in SETUPTOOLS["package-data"][package]


def test_sdist_has_tests_documents_and_licence():
    manifest = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").split("\n")
    assert {"graft docs", "graft tests"} <= set(manifest)
    assert PYPROJECT["project"]["license-files"] == ["LICENSE"]
    assert (ROOT / "CHANGELOG.md").is_file()


def test_slow_test_files_exist():
    assert set(SLOW_FILES) <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}


def test_project_urls_lead_to_one_repository():
    urls = PYPROJECT["project"]["urls"]
    assert all(url.startswith(urls["Repository"]) for url in urls.values())


def test_citation_has_the_version_of_the_package():
    version = PYPROJECT["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_a_module_called_pipelines_does_not_hide_the_commands(tmp_path):
    (tmp_path / "pipelines.py").write_text("raise ImportError")
    # as the installed script, which does not look into the working directory
    script = "from kerascnn.__main__ import main; main()"
    finished = subprocess.run(
        [sys.executable, "-P", "-c", script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert "train" in finished.stdout
