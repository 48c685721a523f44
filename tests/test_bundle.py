"""The bundle: its files, and the damage that loading detects."""

import itertools
import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, config, load, models
from kerascnn.golden import PROBES
from kerascnn.manifest import CHECKED_FILES
from kerascnn.pretraining.config import MaskingConfig
from kerascnn.pretraining.pretrain import pretrain
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.errors import InputError
from tests.sealing import edit_golden, edit_sealed, update_hash

FILES = {
    "README.md", "config.yaml", "golden.json", "history.csv", "labels.txt", "manifest.json", "metrics.json",
    "model.keras", "report.html", "vocabulary.txt",
}  # fmt: skip


@pytest.fixture(scope="module")
def classifier(reviews_zh):
    texts, names = reviews_zh
    odd = {"pos": "好|good\\\u2028", "neg": "差 \u0085bad"}
    return TextClassifier(model="char_cnn", epochs=1, filters=16, max_length=64, ngram_buckets=512, stop_words="").fit(
        ["odd\u0085 token\\ " + text for text in texts], [odd[name] for name in names]
    )


@pytest.fixture(scope="module")
def saved(classifier, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "reviews"
    classifier.save(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "reviews")


def test_contains_documented_files_with_their_hashes(saved):
    manifest = json.loads((saved / "manifest.json").read_text(encoding="utf-8"))
    assert {path.name for path in saved.iterdir()} == FILES
    assert set(manifest["files"]) == FILES - {"manifest.json"}
    assert all(sha256(saved / name) == digest for name, digest in manifest["files"].items())
    assert {"schema_version", "task", "model", "vectorizer", "temperature", "thresholds", "packages", "data"} < set(
        manifest
    )
    assert (manifest["schema_version"], manifest["task"]) == (1, "single_label")
    assert manifest["temperature"] != 1.0, "it is fitted to the validation data"


def test_line_numbers_are_ids_and_odd_labels_survive(saved, classifier):
    lines = (saved / "vocabulary.txt").read_bytes().split(b"\n")
    assert lines[:2] == [b"[PAD]", b"[UNK]"] and lines[-1] == b""
    assert len(lines) - 1 == len(classifier.bundle_.vectorizer.vocabulary)
    assert load(saved).classes_.tolist() == classifier.classes_.tolist()


def test_golden_ids_and_probabilities_match_graph_and_python(saved, classifier):
    golden = json.loads((saved / "golden.json").read_text(encoding="utf-8"))
    assert golden["texts"] == list(PROBES)
    values, splits = classifier.bundle_.vectorizer.encode(PROBES)
    assert [values[a:b].tolist() for a, b in itertools.pairwise(splits)] == golden["ids"]
    np.testing.assert_allclose(golden["probabilities"], classifier.predict_proba(PROBES), atol=1e-6)


def test_contains_no_training_text(saved, reviews_zh):
    for path in saved.iterdir():
        content = path.read_bytes()
        assert not any(text.encode() in content for text in reviews_zh[0] if len(text) > 10), path.name


def test_loaded_bundle_can_be_saved_again(saved, classifier, tmp_path):
    load(saved).save(tmp_path / "again")
    assert (tmp_path / "again" / "metrics.json").read_bytes() == (saved / "metrics.json").read_bytes()
    assert (tmp_path / "again" / "history.csv").read_bytes() == (saved / "history.csv").read_bytes()
    np.testing.assert_array_equal(load(tmp_path / "again").predict_proba(PROBES), classifier.predict_proba(PROBES))


@pytest.mark.parametrize("name", CHECKED_FILES)
def test_names_file_that_is_changed_or_missing(name, folder):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-10])
    with pytest.raises(InputError, match=f"{name}: changed or damaged"):
        load(folder)
    (folder / name).unlink()
    with pytest.raises(InputError, match=f"{name}: missing"):
        load(folder)


@pytest.mark.parametrize("name", ["manifest.json", "vocabulary.txt", "config.yaml"])
def test_names_changed_line_endings_and_their_remedy(name, folder):
    content = (folder / name).read_bytes()
    assert b"\r" not in content and b"\n" in content
    (folder / name).write_bytes(content.replace(b"\n", b"\r\n"))
    with pytest.raises(InputError, match=rf"{name}: its line endings were changed .* '\* -text'"):
        load(folder)


@pytest.mark.parametrize("imports", ["import kerascnn, keras", "import keras, kerascnn"])
def test_keras_loads_model_in_new_process_after_importing_kerascnn(imports, saved, classifier):
    program = (
        f"{imports}; import numpy; model = keras.saving.load_model({str(saved / 'model.keras')!r});"
        " print(model(numpy.ones((1, 5), 'int32')).numpy().tolist())"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    logits = classifier.model_(np.ones((1, 5), "int32")).numpy()
    np.testing.assert_allclose(json.loads(result.stdout), logits, atol=1e-5)


def test_import_of_kerascnn_does_not_import_keras():
    program = "import kerascnn, sys; sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_rejects_newer_schema(folder):
    edit_sealed(folder / "manifest.json", schema_version=3)
    with pytest.raises(InputError, match=r"schema version 3, this version reads 1.*upgrade"):
        load(folder)


def test_names_package_versions_of_unreadable_model(folder):
    (folder / "model.keras").write_bytes(b"PK not a model")
    update_hash(folder / "model.keras")
    with pytest.raises(InputError, match=r"model\.keras: Keras cannot read it .* keras \d"):
        load(folder)


@pytest.mark.parametrize(
    ("what", "attempt"),
    [
        ("a trained classifier", load),
        ("training", lambda _: TextClassifier().fit(["good", "bad"] * 8, ["good", "bad"] * 8)),
        ("pretraining", lambda _: pretrain(["good", "bad"], config.default_config("word_cnn"), MaskingConfig())),
        (
            "a pretrained encoder of keras-hub",
            lambda _: models.get("hub_cnn")().build(vocabulary_size=9, num_classes=2),
        ),
    ],
)
def test_rejects_other_keras_backends(what, attempt, saved, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(InputError, match=f"{what} needs Keras' TensorFlow backend, not jax; unset KERAS_BACKEND"):
        attempt(saved)


def test_rejects_damaged_manifest(folder):
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json: damaged"):
        load(folder)


def test_rejects_model_with_other_golden_probabilities(folder):
    probabilities = json.loads((folder / "golden.json").read_text(encoding="utf-8"))["probabilities"]
    label = load(folder).bundle_.labels.index("好|good\\\u2028")
    probabilities[3] = [0.6 if position == label else 0.4 for position in range(2)]
    labels = ["好|good\\\u2028"]
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))["labels"]
    edit_golden(folder, probabilities=probabilities, labels=[*golden[:3], labels, *golden[4:]])
    with pytest.raises(InputError, match=r"The plot is thin.*differ by"):
        load(folder)


def test_failed_save_keeps_old_bundle_only(classifier, saved, tmp_path, monkeypatch):
    folder = shutil.copytree(saved, tmp_path / "reviews")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(classifier.bundle_.model, "save", lambda path: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        classifier.save(folder, overwrite=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["reviews"]


def test_never_replaces_folder_that_is_not_a_bundle(classifier, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not a bundle"):
        classifier.save(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_replaces_existing_bundle_with_overwrite_only(classifier, folder):
    with pytest.raises(InputError, match="overwrite=True"):
        classifier.save(folder)
    classifier.save(folder, overwrite=True)
    assert [path.name for path in folder.parent.iterdir()] == ["reviews"]


def test_saves_bundle_without_report_that_fails(classifier, tmp_path):
    with pytest.warns(UserWarning, match=r"report\.html is left out"):
        classifier.save(tmp_path / "reviews", examples={"mistakes": ["not an example"]})
    assert {path.name for path in (tmp_path / "reviews").iterdir()} == FILES - {"report.html"}
    assert load(tmp_path / "reviews").predict(PROBES).tolist() == classifier.predict(PROBES).tolist()
