"""The second training, on all documents with the validation data."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.utils.errors import InputError
from pipelines.train import main

NETWORK = {"epochs": 3, "filters": 8, "ngram_buckets": 512, "max_length": 64, "min_count": 1, "deterministic": True}
BOW = {"model": "bow", "max_length": 64, "min_count": 1}


@pytest.fixture(scope="module")
def few(news):
    return news[0][:90], news[1][:90]


def split(documents):
    """Return two thirds and one third of the texts and labels."""
    rows = range(len(documents[0]))
    return [[[part[i] for i in rows if (i % 3 > 0) == is_train] for part in documents] for is_train in (True, False)]


@pytest.mark.parametrize("settings", [NETWORK, BOW], ids=["word_cnn", "bow"])
def test_few_documents_are_all_learned(few, settings):
    classifier = TextClassifier(**settings).fit(*few)
    assert classifier.bundle_.metrics["refit"]["rows"] == 90
    first = TextClassifier(**settings, refit_rows=89).fit(*few)
    assert "refit" not in first.bundle_.metrics
    # what only the validation documents have is learned, too
    assert len(classifier.bundle_.vectorizer.vocabulary) > len(first.bundle_.vectorizer.vocabulary)
    assert classifier.score(*few) > first.score(*few)


def test_given_validation_data_is_not_learned_unless_asked_for(few):
    train, validation = split(few)
    assert "refit" not in TextClassifier(**NETWORK).fit(*train, validation_data=validation).bundle_.metrics
    classifier = TextClassifier(**NETWORK).fit(*train, validation_data=validation, refit=True)
    assert classifier.bundle_.metrics["refit"]["rows"] == 90


def test_history_and_calibration_are_those_of_the_first_training(few):
    train, validation = split(few)
    options = {"linear_ngrams": (), **NETWORK}
    again = TextClassifier(**options).fit(*train, validation_data=validation, refit=True)
    assert len(again.bundle_.history) == 3
    assert "val_accuracy" in again.bundle_.history[0]
    held_out = again.bundle_.validation_probabilities
    targets = np.searchsorted(again.classes_, validation[1])
    assert np.mean(held_out.argmax(axis=1) == targets) == pytest.approx(again.bundle_.history[-1]["val_accuracy"])
    assert again.score(*validation) > np.mean(held_out.argmax(axis=1) == targets)


def test_weights_of_documents_count_in_the_second_training(few):
    texts, labels = few
    weights = [0.0 if label == labels[0] else 1.0 for label in labels]
    classifier = TextClassifier(**BOW).fit(texts, labels, sample_weight=weights)
    assert labels[0] not in set(classifier.predict(texts))


def test_resumed_training_is_refitted_to_the_same_weights(few, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    whole = TextClassifier(**NETWORK).fit(*few)
    with pytest.raises(KeyboardInterrupt):
        TextClassifier(**NETWORK).fit(*few, callbacks=[Stop()], folder=tmp_path)
    resumed = TextClassifier(**NETWORK).fit(*few, folder=tmp_path, resume=True)
    np.testing.assert_array_equal(resumed.predict_proba(few[0]), whole.predict_proba(few[0]))


def test_teacher_and_refit_exclude_each_other(few):
    soft_labels = np.full((90, len(set(few[1]))), 1 / len(set(few[1])), np.float32)
    with pytest.raises(InputError, match="refit"):
        TextClassifier(**NETWORK).fit(*few, soft_labels=soft_labels, refit=True)
    assert "refit" not in TextClassifier(**NETWORK).fit(*few, soft_labels=soft_labels).bundle_.metrics


def test_command_reports_the_validation_rows_by_the_first_training(few, tmp_path, capsys):
    rows = "".join(f"{json.dumps({'text': text, 'label': label})}\n" for text, label in zip(*few, strict=True))
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    command = ["--data", str(tmp_path / "rows.jsonl"), "--model", "bow", "--source.test-fraction", "0.3"]
    found = {}
    for name, refit_rows in (("again", "2000"), ("once", "0")):
        output = tmp_path / name
        assert main([*command, "--training.refit-rows", refit_rows, "--output", str(output)]) in (0, None)
        found[name] = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert found["again"]["refit"] == {"rows": 63}
    assert "refit" not in found["once"]
    assert found["again"]["validation"]["accuracy"] == pytest.approx(found["once"]["validation"]["accuracy"], abs=0.2)
    assert (
        "trained a second time, on all 63 rows" in capsys.readouterr().err + (tmp_path / "again/README.md").read_text()
    )


def test_callbacks_and_tensorboard_belong_to_the_first_training(few, tmp_path):
    calls = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: calls.append(epoch))
    assert "refit" not in TextClassifier(**NETWORK).fit(*few, callbacks=[count]).bundle_.metrics
    classifier = TextClassifier(**NETWORK, tensorboard=True)
    classifier.fit(*few, callbacks=[count], refit=True, folder=tmp_path)
    assert classifier.bundle_.metrics["refit"]["rows"] == 90
    assert calls == [0, 1, 2] * 2
