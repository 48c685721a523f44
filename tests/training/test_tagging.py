"""Loss and metrics of tags."""

from __future__ import annotations

import random

import numpy as np
import pytest

from kerascnn.layers import LinearChainCRF
from kerascnn.tasks.span_metrics import evaluate_spans
from kerascnn.training.tagging import SpanF1, TaggingLoss, TokenAccuracy

LABELS = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]


def one_hot(tags):
    return 10 * np.eye(len(LABELS), dtype=np.float32)[tags]


def test_span_f1_is_that_of_all_batches():
    generator, metric, accuracy = random.Random(0), SpanF1(LABELS), TokenAccuracy()
    true, predicted = [], []
    for _ in range(20):
        lengths = [generator.randrange(1, 9) for _ in range(4)]
        batch = np.full((2, 4, generator.randrange(9, 20)), -1)
        for row, length in enumerate(lengths):
            for tags in batch[:, row]:
                tags[:length] = [generator.choice([0, 1, 2, 3, 4, 4]) for _ in range(length)]
        metric.update_state(batch[0], one_hot(batch[1]))
        accuracy.update_state(batch[0], one_hot(batch[1]))
        for names, rows in ((true, batch[0]), (predicted, batch[1])):
            names += [[LABELS[i] for i in row[:length]] for row, length in zip(rows, lengths, strict=True)]
    assert float(metric.result()) == pytest.approx(evaluate_spans(true, predicted)["f1"])
    right = [a == b for x, y in zip(true, predicted, strict=True) for a, b in zip(x, y, strict=True)]
    assert float(accuracy.result()) == pytest.approx(np.mean(right))


def test_random_field_without_transitions_has_the_loss_of_a_softmax():
    generator = np.random.default_rng(0)
    scores, tags = generator.normal(size=(2, 4, 5)).astype(np.float32), np.array([[1, 3, 4, 4], [0, 4, -1, -1]])
    potentials = LinearChainCRF()(scores, (tags >= 0).astype(np.float32)[..., None])
    np.testing.assert_allclose(TaggingLoss().call(tags, potentials), TaggingLoss().call(tags, scores), rtol=1e-4)


def test_label_smoothing_raises_the_loss_of_certain_tags():
    tags = np.array([[0, 1]])
    assert float(TaggingLoss(label_smoothing=0.1).call(tags, one_hot(tags))[0]) > 1
