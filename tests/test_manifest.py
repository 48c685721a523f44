"""The manifest: every change of it is detected, and wrong values are named, also where its hash is right."""

import json
import shutil

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.manifest import read_manifest
from kerascnn.utils.errors import InputError
from tests.sealing import edit_golden, edit_sealed

NAN = float("nan")


@pytest.fixture(scope="module")
def saved(briefs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "briefs"
    TextClassifier(model="bow", ngram_buckets=512, max_length=64).fit(*briefs).save(folder)
    return folder


@pytest.fixture(scope="module")
def classifier(saved):
    return load(saved)


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "briefs")


def change_thresholds(change):
    return lambda manifest: {"thresholds": change(manifest["thresholds"])}


def change_key(name, value):
    return lambda manifest: {name: value}


CHANGES = {
    "higher threshold": (change_thresholds(lambda t: [0.9999, *t[1:]]), None),
    "lower thresholds": (change_thresholds(lambda t: [x / 10 for x in t]), "has the labels"),
    "other order": (change_thresholds(lambda t: t[::-1]), None),
    "one threshold": (change_thresholds(lambda t: t[:1]), "has 1 thresholds, .* need 5"),
    "one less": (change_thresholds(lambda t: t[:-1]), "has 4 thresholds, .* need 5"),
    "none": (change_thresholds(lambda t: None), "has 0 thresholds, .* need 5"),
    "NaN": (change_thresholds(lambda t: [NAN] * 5), "are not numbers from 0 to 1"),
    "percent": (change_thresholds(lambda t: [100 * x for x in t]), "are not numbers from 0 to 1"),
    "text": (change_thresholds(lambda t: [*t[1:], "0.5"]), "damaged .*thresholds"),
    "temperature": (lambda manifest: {"temperature": 2 * manifest["temperature"]}, "differ by"),
    "temperature NaN": (change_key("temperature", NAN), "temperature nan is not a positive number"),
    "temperature 0": (change_key("temperature", 0), "temperature 0 is not a positive number"),
    "temperature infinite": (change_key("temperature", float("inf")), "temperature inf is not a positive number"),
    "temperature text": (change_key("temperature", "1"), "damaged .*temperature"),
    "task": (change_key("task", "single_label"), "has 5 thresholds, .* need 0"),
    "unknown task": (change_key("task", "ordinal"), "no task is called 'ordinal'"),
    "unknown role": (change_key("layers", {"tail": []}), "manifest.json: layers: .*tail"),
    "unknown layer": (change_key("layers", {"head": ["gone"]}), "the model has no layer 'gone'"),
    "layers": (change_key("layers", ["head"]), "damaged .*layers"),
    "vectorizer": (change_key("vectorizer", {}), "vectorizer: KeyError"),
    "unknown key": (change_key("color", "red"), "damaged .*color"),
    "files": (change_key("files", {}), "changed or damaged"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_rejects_changed_values(name, folder):
    change, message = CHANGES[name]
    path = folder / "manifest.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | change(values)), encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json: changed or damaged"):
        read_manifest(folder)
    edit_sealed(path, **change(values))
    if message:
        with pytest.raises(InputError, match=message) as error:
            load(folder)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["schema_version", "task", "thresholds", "temperature", "files", "data", "packages"])
def test_rejects_missing_or_misspelled_key(name, folder):
    path = folder / "manifest.json"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace(f'"{name}"', f'"{name}s"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json: (changed or )?damaged"):
        read_manifest(folder)
    values = json.loads(content)
    del values[name]
    path.write_text(json.dumps(values), encoding="utf-8")
    edit_sealed(path)
    with pytest.raises(InputError, match=rf"manifest\.json: damaged .*{name}"):
        read_manifest(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "1", '"text"', "[" * 100_000, '{"a":' * 100_000, "\ud800"])
def test_rejects_what_is_not_a_manifest(content, folder):
    (folder / "manifest.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=r"manifest\.json: damaged") as error:
        read_manifest(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda golden: {"labels": [["other"], *golden["labels"][1:]]}, "has the labels .* and had"),
        (lambda golden: {"probabilities": [[NAN] * 5, *golden["probabilities"][1:]]}, "differ by nan"),
        (lambda golden: {"probabilities": [row[1:] for row in golden["probabilities"]]}, "has probabilities"),
        (lambda golden: {"probabilities": golden["probabilities"][:-1]}, "damaged"),
        (lambda golden: {"probabilities": "0.5"}, "damaged"),
        (lambda golden: {"ids": [None, *golden["ids"][1:]]}, "damaged"),
        (lambda golden: {"ids": [[3], *golden["ids"][1:]]}, "is encoded differently"),
    ],
)
def test_rejects_wrong_golden_answers(change, message, folder, classifier):
    edit_golden(folder, **change(json.loads((folder / "golden.json").read_text(encoding="utf-8"))))
    with pytest.raises(InputError, match=rf"golden\.json.*{message}"):
        classifier.bundle_.check_golden(folder, classifier.predict_proba)


def test_refuses_to_save_a_model_that_predicts_nan(saved, tmp_path):
    classifier = load(saved)
    weights = classifier.model_.get_weights()
    classifier.model_.set_weights([np.full_like(weight, NAN) for weight in weights])
    with pytest.raises(InputError, match=r"the model predicts NaN for the text '.*'; train it again"):
        classifier.save(tmp_path / "nan")
    assert not (tmp_path / "nan").exists()


def test_names_a_file_that_must_not_be_read(saved, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("kerascnn.manifest.sha256", refuse)
    with pytest.raises(InputError, match=r"config\.yaml: cannot be read \(Permission denied\)"):
        load(saved)
