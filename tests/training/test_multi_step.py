"""Several steps per call."""

from __future__ import annotations

import pytest

from kerascnn import TextClassifier


def test_first_validation_covers_every_document_once(news):
    texts, labels = news
    settings = {"epochs": 1, "label_smoothing": 0.0, "calibrate": False, "filters": 8, "min_count": 1}
    settings |= {"ngrams": (), "linear_ngrams": ()}
    # four validation batches: one that is read too early would change the metrics
    classifier = TextClassifier(**settings, batch_size=3).fit(
        texts[::2], labels[::2], validation_data=(texts[1:76:2], labels[1:76:2])
    )
    (row,) = classifier.bundle_.history
    found = classifier.evaluate(texts[1:76:2], labels[1:76:2])
    assert row["val_loss"] == pytest.approx(found["loss"], abs=1e-4)
    assert row["val_accuracy"] == pytest.approx(found["accuracy"], abs=1e-6)
