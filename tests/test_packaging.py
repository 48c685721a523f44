"""What a wheel and an sdist hold: two packages, their data files, and nothing with a generic name."""

import functools
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import setuptools
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

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


@pytest.mark.full
def test_sdist_is_complete_and_its_wheel_works_from_an_empty_folder(tracked_files, tmp_path):
    # a copy, because setuptools writes into the tree
    for file in tracked_files:
        (tmp_path / "tree" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, tmp_path / "tree" / file)
    run = functools.partial(subprocess.run, check=True, capture_output=True, text=True)
    run([sys.executable, "-m", "build", "--outdir", tmp_path / "dist", tmp_path / "tree"])
    run([sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "direct", tmp_path / "tree"])
    [sdist], [wheel] = (tmp_path / "dist").glob("*.tar.gz"), (tmp_path / "dist").glob("*.whl")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {file.as_posix() for file in tracked_files} <= packed
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(next((tmp_path / "direct").glob("*.whl"))) as direct:
        assert sorted(ours.namelist()) == sorted(direct.namelist()), "the wheel out of the sdist lacks a file"
        modules = {file.as_posix() for file in tracked_files if file.parts[0] in SETUPTOOLS["package-data"]}
        assert modules <= set(ours.namelist())
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "installed", wheel])
    (tmp_path / "empty").mkdir()
    finished = run(
        [tmp_path / "installed" / "bin" / "kerascnn", "train", "--config", "kim2014_rand", "--help-all"],
        cwd=tmp_path / "empty", env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
    )  # fmt: skip
    assert "(default: adadelta)" in finished.stdout


def test_conda_recipe_requires_what_the_package_requires():
    recipe = yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))
    found = dict(line.partition(" ")[::2] for line in recipe["requirements"]["run"])
    needed = {}
    for requirement in map(Requirement, PYPROJECT["project"]["dependencies"]):
        if requirement.name != "tensorflow-text":
            needed[{"matplotlib": "matplotlib-base"}.get(requirement.name, requirement.name)] = requirement.specifier
    assert found.pop("wcwidth") == "" and found.pop("python").endswith(",<3.14")
    assert {name: SpecifierSet(versions) for name, versions in found.items()} == needed
    assert recipe["context"]["version"] == PYPROJECT["project"]["version"]
    [script] = recipe["build"]["python"]["entry_points"]
    assert script == f"kerascnn = {PYPROJECT['project']['scripts']['kerascnn']}"


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
