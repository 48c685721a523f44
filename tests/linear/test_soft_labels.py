"""Rows for a solver."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.config import TrainingConfig
from kerascnn.linear.soft_labels import weighted_rows
from kerascnn.training.fit import EncodedDataset
from tests.linear.documents import make_documents

DOCUMENTS = make_documents(3, seed=0)
SOFT_LABELS = np.array([[0.7, 0.3, 0.0], [0.005, 0.0, 0.995], [0.5, 0.25, 0.25]], np.float32)


def rows(targets, soft_labels=None, sample_weight=None, class_weight=None, **settings):
    """Return triples of document, target and weight."""
    weight = None if sample_weight is None else np.array(sample_weight, np.float32)
    train = EncodedDataset(DOCUMENTS, np.array(targets), soft_labels, weight)
    found = weighted_rows(train, TrainingConfig(**settings), class_weight)
    weights = [1.0] * len(found.documents) if found.weights is None else found.weights.tolist()
    return [
        (document, target, pytest.approx(weight, abs=1e-6))
        for document, target, weight in zip(found.documents.tolist(), found.targets.tolist(), weights, strict=True)
    ]


def test_documents_with_labels_are_rows():
    assert rows([0, 2, 1]) == [(0, 0, 1), (1, 2, 1), (2, 1, 1)]
    assert rows([0, 2, 1], sample_weight=[2, 0, 3]) == [(0, 0, 2), (2, 1, 3)]
    assert rows([0, 2, 1], sample_weight=[2, 1, 3], class_weight=np.array([5, 1, 0])) == [(0, 0, 10), (2, 1, 3)]


def test_documents_with_soft_labels_have_a_row_for_each_class():
    assert rows([-1, -1, -1], SOFT_LABELS, soft_label_weight=1.0) == [
        (0, 0, 0.7), (0, 1, 0.3), (1, 2, 0.995), (2, 0, 0.5), (2, 1, 0.25), (2, 2, 0.25)
    ]  # fmt: skip


def test_labels_have_the_rest_of_the_weight():
    assert rows([0, 1, -1], SOFT_LABELS, soft_label_weight=0.8) == [
        (0, 0, 0.8 * 0.7 + 0.2), (0, 1, 0.8 * 0.3), (1, 1, 0.2), (1, 2, 0.8 * 0.995),
        (2, 0, 0.4), (2, 1, 0.2), (2, 2, 0.2),
    ]  # fmt: skip
    assert rows([0, 1, -1], SOFT_LABELS, soft_label_weight=0.0) == [(0, 0, 1), (1, 1, 1)]


def test_class_weights_weight_labels_only_and_sample_weights_both():
    found = rows(
        [0, 1, -1], SOFT_LABELS, sample_weight=[2, 1, 0], class_weight=np.array([3.0, 1, 1]), soft_label_weight=0.5
    )
    assert found == [(0, 0, 2 * (0.35 + 1.5)), (0, 1, 0.3), (1, 1, 0.5), (1, 2, 0.4975)]
