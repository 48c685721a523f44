"""What every registered model promises as a classifier: every model × every promise.

A model that is registered is tested here without further work.
"""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import TextClassifier
from kerascnn.data.pipeline import Ids
from kerascnn.golden import PROBES
from kerascnn.inference import compiled, softmax
from tests.conformance.descriptors import DESCRIPTORS, MAX_LENGTH, every_model


@pytest.fixture(scope="module")
def classifiers(mixed):
    """A classifier of each model, trained until it knows its 64 texts by heart."""
    settings = {"epochs": 30, "patience": 30, "schedule": "constant", "learning_rate": 0.003, "batch_size": 16}
    return {
        name: TextClassifier(model=name, max_length=MAX_LENGTH, min_count=1, **settings, **network).fit(
            *mixed, validation_data=mixed
        )
        for name, network in DESCRIPTORS.items()
    }


@every_model
def test_it_learns_64_texts_by_heart(name, classifiers, mixed):
    assert classifiers[name].score(*mixed) == 1.0


@every_model
def test_text_and_ids_get_the_same_answers(name, classifiers):
    bundle = classifiers[name].bundle_
    ids = [np.asarray(bundle.vectorizer.encode_plain(text), np.int32) for text in PROBES]
    forward = compiled(bundle.model)
    logits = forward(Ids(np.concatenate(ids), np.cumsum([0, *map(len, ids)])))
    np.testing.assert_allclose(softmax(logits), classifiers[name].predict_proba(PROBES), atol=1e-6)


@every_model
def test_what_lies_beyond_max_length_changes_nothing(name, classifiers):
    vectorizer = classifiers[name].bundle_.vectorizer
    unit = "好" if vectorizer.settings.level == "character" else "good "
    longest = unit * MAX_LENGTH
    answers = classifiers[name].predict_proba([longest, longest + "bad", longest + unit * 1000])
    np.testing.assert_allclose(answers[1:], answers[[0, 0]], atol=1e-6)


@every_model
def test_any_text_is_answered_with_probabilities(name, classifiers):
    answers = classifiers[name].predict_proba([*PROBES, "\ud800", "ꙮ" * 50, "x" * 100_000])
    assert np.isfinite(answers).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-6)


@pytest.fixture(scope="module")
def archives(classifiers, tmp_path_factory):
    """The network of each classifier as a SavedModel, ids (1, MAX_LENGTH) -> logits."""
    folders = {name: str(tmp_path_factory.mktemp(name)) for name in classifiers}
    for name, classifier in classifiers.items():
        export(classifier.bundle_.model, folders[name])
    return folders


def export(model, folder):
    archive = keras.export.ExportArchive()
    archive.track(model)
    signature = [tf.TensorSpec((1, MAX_LENGTH), tf.int32)]
    archive.add_endpoint("ids", lambda ids: model(ids, training=False), input_signature=signature)
    archive.write_out(folder, verbose=False)


def padded(classifier, text):
    ids = classifier.bundle_.vectorizer.encode_plain(text)
    return np.array([ids + [0] * (MAX_LENGTH - len(ids))], np.int32)


@every_model
def test_it_converts_to_tflite_with_builtin_operations_and_agrees(name, classifiers, archives):
    converter = tf.lite.TFLiteConverter.from_saved_model(archives[name], signature_keys=["ids"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    runner = tf.lite.Interpreter(model_content=converter.convert()).get_signature_runner("ids")
    [input_name] = runner.get_input_details()
    for text in PROBES:
        ids = padded(classifiers[name], text)
        [logits] = runner(**{input_name: ids}).values()
        np.testing.assert_allclose(logits, classifiers[name].bundle_.model(ids, training=False), atol=1e-4)


@every_model
def test_its_saved_model_agrees_in_a_v1_session_which_loads_as_tf_serving_does(name, classifiers, archives):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], archives[name])
        signature = loaded.signature_def["ids"]
        [ids_in], [logits_out] = signature.inputs.values(), signature.outputs.values()
        answers = [session.run(logits_out.name, {ids_in.name: padded(classifiers[name], text)}) for text in PROBES]
    for text, logits in zip(PROBES, answers, strict=True):
        expected = classifiers[name].bundle_.model(padded(classifiers[name], text), training=False)
        np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_every_bundle_answers_the_same_in_a_fresh_process(classifiers, tmp_path):
    for name, classifier in classifiers.items():
        classifier.save(tmp_path / name)
    script = (
        "import json, sys, kerascnn; from kerascnn.golden import PROBES\n"
        "print(json.dumps([kerascnn.load(folder).predict_proba(PROBES).tolist() for folder in sys.argv[1:]]))"
    )
    folders = [str(tmp_path / name) for name in classifiers]
    finished = subprocess.run([sys.executable, "-c", script, *folders], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    for classifier, answers in zip(classifiers.values(), json.loads(finished.stdout.splitlines()[-1]), strict=True):
        np.testing.assert_allclose(answers, classifier.predict_proba(PROBES), atol=1e-6)
