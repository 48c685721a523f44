"""Bundles of strangers: loading runs no code of them, whatever their model says."""

import importlib
import json
import pickle
import shutil
import sys
import zipfile

import keras
import pytest

import kerascnn
from kerascnn import TextClassifier
from kerascnn.utils.errors import InputError
from tests.sealing import update_hash

TEXTS, LABELS = ["good fine lovely", "fine good", "bad dull slow", "dull bad"] * 5, ["pos", "pos", "neg", "neg"] * 5


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "own"
    TextClassifier(model="bow", min_count=1, max_length=16, refit_rows=0).fit(TEXTS, LABELS).save(folder)
    return folder


@pytest.fixture
def bundle(saved, tmp_path):
    """A copy to change; its hashes can be made right again."""
    shutil.copytree(saved, tmp_path / "bundle")
    return tmp_path / "bundle"


def edit_model(bundle, change):
    """Change the configuration of the model, and make its hash right."""
    path = bundle / "model.keras"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    change(config)
    files["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    update_hash(path)


def test_lambda_layers_are_refused(bundle, tmp_path):
    ids = keras.Input((None,), dtype="int32")
    marker = tmp_path / "executed"

    def write_marker(x):
        marker.write_text("code ran")
        return keras.ops.cast(x, "float32")

    model = keras.Model(ids, keras.layers.Lambda(write_marker, output_shape=(2,))(ids))
    model.save(bundle / "model.keras")
    update_hash(bundle / "model.keras")
    marker.unlink(missing_ok=True)
    with pytest.raises(InputError, match=r"model.keras: Keras cannot read it"):
        kerascnn.load(bundle)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("module", "name", "config"),
    [
        ("os", "system", {"command": "touch MARKER"}),
        ("builtins", "exec", {"source": "open('MARKER', 'w').close()"}),
        ("subprocess", "Popen", {"args": ["touch", "MARKER"]}),
        ("evil_module", "Layer", {"path": "MARKER"}),
    ],
)
def test_functions_and_modules_of_others_are_not_executed(bundle, tmp_path, monkeypatch, module, name, config):
    marker = tmp_path / "executed"
    config = json.loads(json.dumps(config).replace("MARKER", str(marker)))
    write = f"open({str(marker)!r}, 'w').close()"
    (tmp_path / "evil_module.py").write_text(f"{write}\nclass Layer:\n    def __init__(self, path):\n        {write}\n")
    monkeypatch.syspath_prepend(tmp_path)
    edit_model(bundle, lambda model: None)  # the file is written anew, and loads
    assert kerascnn.load(bundle).classes_.tolist() == ["neg", "pos"]
    names = {"module": module, "class_name": name, "registered_name": name}
    edit_model(bundle, lambda model: model["config"]["layers"][1].update(names, config=config))
    with pytest.raises(InputError, match=rf"model.keras: Keras cannot read it .*Could not locate class '{name}'"):
        kerascnn.load(bundle)
    assert not marker.exists() and "evil_module" not in sys.modules
    started = getattr(importlib.import_module(module), name)(*config.values())  # it would have been seen
    if module == "subprocess":
        started.wait()
    assert marker.exists()
    sys.modules.pop("evil_module", None)


def test_pickles_and_yaml_tags_are_not_executed(bundle, tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "executed"), "w")

    for name, content in (
        ("model.keras", pickle.dumps(Evil())),
        ("config.yaml", f"model: !!python/object/apply:open [{tmp_path / 'executed'}, w]".encode()),
    ):
        before = (bundle / name).read_bytes()
        (bundle / name).write_bytes(content)
        update_hash(bundle / name)
        with pytest.raises(InputError, match=name):
            kerascnn.load(bundle)
        (bundle / name).write_bytes(before)
        update_hash(bundle / name)
    assert not (tmp_path / "executed").exists()
    assert kerascnn.load(bundle).classes_.tolist() == ["neg", "pos"]
