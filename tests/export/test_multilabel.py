"""Exports of multi-label classifiers: a word model and a character model."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from kerascnn import TextClassifier
from kerascnn.edge import EdgeClassifier
from kerascnn.export import mediapipe, onnx, saved_model, tflite, verify
from kerascnn.golden import PROBES
from kerascnn.utils.errors import InputError

pytestmark = pytest.mark.full
MODELS = ("word_cnn", "char_cnn")
every_model = pytest.mark.parametrize("name", MODELS)
QUANTIZED = ("none", "float16", "dynamic", "int8")


@pytest.fixture(scope="module")
def classifiers(briefs):
    """A classifier of each model."""
    settings = {"epochs": 6, "learning_rate": 0.01, "filters": 16, "ngram_buckets": 4096, "max_length": 96}
    return {name: TextClassifier(model=name, **settings).fit(*briefs) for name in MODELS}


@pytest.fixture(scope="module")
def folders(classifiers, briefs, tmp_path_factory):
    """Folders of their bundles with all exports."""
    place = tmp_path_factory.mktemp("bundles")
    for name, classifier in classifiers.items():
        classifier.save(place / name)
        saved_model.export(classifier.bundle_, place / name)
        quantize = QUANTIZED if name == "word_cnn" else ("none",)
        tflite.export(classifier.bundle_, place / name, quantize=quantize, texts=briefs[0][:50])
        onnx.export(classifier.bundle_, place / name)
    return {name: place / name for name in MODELS}


@every_model
def test_saved_model_gives_probabilities_and_assigned_labels(name, classifiers, folders, briefs):
    texts, classifier = [*PROBES, *briefs[0][:40]], classifiers[name]
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(folders[name] / "serving" / "1"))
        signature = loaded.signature_def["serving_default"]
        names = {key: signature.outputs[key].name for key in ("probabilities", "classes", "assigned")}
        inputs = {signature.inputs["text"].name: [text.encode("utf-8", "surrogatepass") for text in texts]}
        outputs = session.run(names, inputs)
        assert "label" not in signature.outputs
    np.testing.assert_allclose(outputs["probabilities"], classifier.predict_proba(texts), atol=1e-5)
    answers = [
        [x.decode() for x in classes[row]] for classes, row in zip(outputs["classes"], outputs["assigned"], strict=True)
    ]
    assert answers == classifier.predict(texts)


@every_model
def test_tflite_file_predicts_as_the_bundle(name, classifiers, folders, briefs):
    texts, edge = [*PROBES, *briefs[0][:40]], EdgeClassifier(folders[name] / "edge")
    np.testing.assert_allclose(edge.predict_proba(texts), classifiers[name].predict_proba(texts), atol=1e-4)
    expected = [[label for label, _ in answer] for answer in classifiers[name].predict_scored(texts)]
    assert [[label for label, _ in answer] for answer in edge.predict(texts)] == expected
    config = json.loads((folders[name] / "edge" / "edge.json").read_text())
    assert (config["schema_version"], config["task"]) == (1, "multi_label")
    assert config["thresholds"] == classifiers[name].bundle_.thresholds


def test_edge_program_prints_the_labels_of_each_text(folders, classifiers, briefs):
    texts = [briefs[0][3], ""]
    folder = folders["word_cnn"] / "edge"
    finished = subprocess.run([sys.executable, folder / "edge.py", *texts], capture_output=True, text=True)
    lines = finished.stdout.splitlines()
    assert finished.returncode == 0 and len(lines) == 2, finished.stderr
    for line, answer in zip(lines, EdgeClassifier(folder).predict(texts), strict=True):
        assert line == ("   ".join(f"{p:.4f}  {label}" for label, p in answer) or "none")


@every_model
def test_verify_compares_the_label_sets_of_all_artifacts(name, classifiers, folders, briefs):
    rows = list(
        verify.compare_artifacts(classifiers[name], folders[name], briefs[0][:60], [tuple(x) for x in briefs[1][:60]])
    )
    kinds = {row["artifact"].split("/")[0] for row in rows}
    assert kinds == {"model.keras", "serving", "edge", "onnx"}
    assert rows[0]["accuracy"] == pytest.approx(classifiers[name].score(briefs[0][:60], briefs[1][:60]))
    for row in rows:
        exact = not any(kind in row["artifact"] for kind in ("dynamic", "int8"))
        assert row["agreement"] >= (1.0 if exact else 0.7), row
        assert row["difference"] < (1e-3 if exact else 0.1), row


def test_rejects_mediapipe(classifiers, folders):
    with pytest.raises(InputError, match="multi-label, but MediaPipe's text classifier has no thresholds"):
        mediapipe.export(classifiers["word_cnn"].bundle_, folders["word_cnn"], quantize=["none"])
