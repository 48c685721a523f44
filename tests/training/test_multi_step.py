"""Several steps per call."""

from __future__ import annotations

import pytest

from kerascnn import TextClassifier


def test_each_validation_covers_every_document_once(news):
    texts, labels = news
    settings = {"epochs": 4, "label_smoothing": 0.0, "calibrate": False, "filters": 8, "min_count": 1}
    settings |= {"ngrams": (), "linear_ngrams": (), "monitor": "loss", "learning_rate": 1e-4}
    # four validation batches: one that is read too early, or left for the next epoch, would change the metrics
    classifier = TextClassifier(**settings, batch_size=3).fit(
        texts[::2], labels[::2], validation_data=(texts[1:76:2], labels[1:76:2])
    )
    history = classifier.bundle_.history
    best = min(history, key=lambda row: row["val_loss"])
    found = classifier.evaluate(texts[1:76:2], labels[1:76:2])
    assert history.index(best) > 0
    assert best["val_loss"] == pytest.approx(found["loss"], abs=1e-4)
    assert best["val_accuracy"] == pytest.approx(found["accuracy"], abs=1e-6)
