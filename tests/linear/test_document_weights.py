"""Weights of documents for a solver."""

import numpy as np

from kerascnn.config import TrainingConfig
from kerascnn.training.fit import EncodedDataset, document_weights
from tests.linear.documents import make_documents

TARGETS = np.array([0, 0, 0, 1, -1], np.int32)


def weigh(settings=None, sample_weight=None, class_weight=None):
    dataset = EncodedDataset(make_documents(5, seed=0), TARGETS, sample_weight=sample_weight)
    return document_weights(dataset, TrainingConfig(**(settings or {})), class_weight)


def test_weights_of_documents_and_classes_multiply():
    samples, classes = np.array([1, 2, 1, 1, 1], np.float32), np.array([1, 3], np.float32)
    assert weigh() is None
    assert weigh(sample_weight=samples).tolist() == samples.tolist()
    assert weigh(sample_weight=samples, class_weight=classes).tolist() == [1, 2, 1, 3, 0]


def test_balanced_classes_and_balanced_sampling_weight_alike():
    weights = weigh({"class_weights": "balanced"})
    assert weights[3] == 3 * weights[0]
    np.testing.assert_array_equal(weigh({"sampling": "balanced"}), weights)
