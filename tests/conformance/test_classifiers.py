"""Guarantees of every registered model as a classifier.

A new model is tested here as soon as it is registered.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.data.ragged import RaggedIds
from kerascnn.edge import EdgeClassifier
from kerascnn.evaluation.attribution import TOLERANCE
from kerascnn.export import onnx, saved_model, tflite
from kerascnn.golden import PROBES
from kerascnn.layers import TfidfLinear, WeightedSum
from kerascnn.prediction import make_predict_function
from kerascnn.tasks.calibration import softmax
from tests.conformance.descriptors import (
    DESCRIPTORS,
    MAX_LENGTH,
    every_model,
    every_model_full_if_slow,
    model_name,
    selected_models,
)

EPOCHS = {
    "hub_cnn": 30, "sentence_cnn": 25, "sentence_transformer": 30, "transformer": 30, "vdcnn": 20, "zhang_char_cnn": 35,
}  # fmt: skip
"""Epochs that fit 64 texts perfectly; other models need 12."""
SETTINGS = {"patience": 40, "schedule": "constant", "learning_rate": 0.003, "batch_size": 16, "min_count": 1}


@pytest.fixture(scope="module")
def classifiers(mixed, request):
    """Train a classifier of each tested model until it fits its 64 texts perfectly."""
    return {
        name: TextClassifier(
            model=model_name(name), max_length=MAX_LENGTH, epochs=EPOCHS.get(name, 12), **SETTINGS, **DESCRIPTORS[name]
        ).fit(*mixed, validation_data=mixed)
        for name in selected_models(request, "classifiers")
    }


@every_model
def test_fits_64_texts_perfectly(name, classifiers, mixed):
    assert classifiers[name].score(*mixed) == 1.0


@pytest.mark.full
@every_model
def test_fits_multi_label_data(name, mixed):
    labels = [{"pos": ["reviews", "good"], "neg": ["reviews"], "sports": ["news"], "business": []}[x] for x in mixed[1]]
    # by epochs: contrastive training is for encoders that are pretrained, not for the random ones of the tests
    classifier = TextClassifier(
        model=model_name(name),
        max_length=MAX_LENGTH,
        epochs=EPOCHS.get(name, 12),
        contrastive="never",
        **SETTINGS,
        **DESCRIPTORS[name],
    ).fit(mixed[0], labels, validation_data=(mixed[0], labels))
    assert classifier.score(mixed[0], labels) > 0.95


@every_model
def test_text_and_ids_have_the_same_probabilities(name, classifiers):
    bundle = classifiers[name].bundle_
    ids = [np.asarray(bundle.vectorizer.encode_text(text), np.int32) for text in PROBES]
    logits = make_predict_function(bundle.model)(RaggedIds(np.concatenate(ids), np.cumsum([0, *map(len, ids)])))
    probabilities = softmax(logits, bundle.temperature)
    np.testing.assert_allclose(probabilities, classifiers[name].predict_proba(PROBES), atol=1e-6)


@every_model
def test_text_beyond_max_length_has_no_effect(name, classifiers):
    vectorizer = classifiers[name].bundle_.vectorizer
    unit = "好" if vectorizer.settings.level == "character" else "good "
    longest = unit * MAX_LENGTH
    probabilities = classifiers[name].predict_proba([longest, longest + "bad", longest + unit * 1000])
    np.testing.assert_allclose(probabilities[1:], probabilities[[0, 0]], atol=1e-6)


@every_model
def test_any_text_has_finite_probabilities(name, classifiers):
    probabilities = classifiers[name].predict_proba([*PROBES, "\ud800", "ꙮ" * 50, "x" * 100_000])
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def logits_without_tokens(built):
    """Return the bias of the head, plus the weighted biases of the linear member if there is one."""
    linear = [layer for layer in built.model.layers if isinstance(layer, TfidfLinear)]
    if not built.head:
        return sum(layer.bias.numpy() for layer in linear)
    bias, output = built.head[-1].bias.numpy(), built.output_layer
    if isinstance(output, WeightedSum):
        bias = bias + sum(factor * layer.bias.numpy() for factor, layer in zip(output.factors[1:], linear, strict=True))
    return bias


@every_model_full_if_slow
def test_contributions_add_up_to_the_logit(name, classifiers, mixed):
    classifier = classifiers[name]
    for text in [mixed[0][0], mixed[0][-1], "one", ""]:
        found = classifier.explain(text)
        assert [(found.label, pytest.approx(found.score, abs=1e-5))] == classifier.predict_top_k([text], 1)[0]
        exact = found.method in ("filters", "linear")
        tolerance = 1e-4 if exact else TOLERANCE * max(1, abs(found.logit - found.bias))
        assert found.bias + sum(x.contribution for x in found.contributions) == pytest.approx(
            found.logit, abs=tolerance
        )
        if exact:
            [bias] = logits_without_tokens(classifier.bundle_.built)[classifier.classes_ == found.label]
            assert found.bias == pytest.approx(bias, abs=1e-6)
        in_text = [x for x in found.contributions if x.start is not None]
        assert bool(in_text) == bool(text), text
        assert all(text[x.start : x.end] == x.text for x in in_text)
        assert "".join(passage for passage, _ in found.passages) == text


@pytest.fixture(scope="module")
def folders(classifiers, tmp_path_factory):
    """Save the bundle of each classifier."""
    place = tmp_path_factory.mktemp("bundles")
    for name, classifier in classifiers.items():
        classifier.save(place / name)
    return {name: place / name for name in classifiers}


@every_model
def test_saved_model_predicts_texts_in_v1_session_like_tf_serving(name, classifiers, folders):
    predict = saved_model.load_predict_fn(saved_model.export(classifiers[name].bundle_, folders[name]))
    expected = classifiers[name].predict_proba(PROBES)
    np.testing.assert_allclose(predict(PROBES), expected, atol=1e-5)
    np.testing.assert_allclose(predict(PROBES[:1]), expected[:1], atol=1e-5, err_msg="an empty text alone")
    assert len(predict([])) == 0


@every_model
def test_tflite_file_with_builtin_ops_agrees_without_tensorflow(name, classifiers, folders):
    edge = EdgeClassifier(tflite.export(classifiers[name].bundle_, folders[name], quantize=["none"]))
    np.testing.assert_allclose(edge.predict_proba(PROBES), classifiers[name].predict_proba(PROBES), atol=1e-4)
    check_predictor(classifiers[name], load(folders[name], runtime="tflite"))


@pytest.mark.full
@every_model
def test_onnx_file_agrees_without_tensorflow(name, classifiers, folders):
    onnx.export(classifiers[name].bundle_, folders[name])
    check_predictor(classifiers[name], load(folders[name], runtime="onnx"))


def check_predictor(classifier, predictor):
    """Check that a predictor, which has compared the golden answers, predicts other texts like a classifier."""
    texts = [f"{text} {number}" for number, text in enumerate(PROBES)]
    np.testing.assert_allclose(predictor.predict_proba(texts), classifier.predict_proba(texts), atol=1e-4)
    assert predictor.predict(texts).tolist() == classifier.predict(texts).tolist()


def test_bundle_predicts_the_same_in_a_new_process(classifiers, folders):
    script = (
        "import json, sys, kerascnn; from kerascnn.golden import PROBES\n"
        "print(json.dumps([kerascnn.load(folder).predict_proba(PROBES).tolist() for folder in sys.argv[1:]]))"
    )
    command = [sys.executable, "-c", script, *map(str, folders.values())]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    for classifier, probabilities in zip(
        classifiers.values(), json.loads(finished.stdout.splitlines()[-1]), strict=True
    ):
        np.testing.assert_allclose(probabilities, classifier.predict_proba(PROBES), atol=1e-6)
