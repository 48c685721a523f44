"""Rows for a solver: documents with their targets and weights, several rows for a document with soft labels."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from kerascnn.config import TrainingConfig
from kerascnn.training.fit import EncodedDataset, document_weights
from kerascnn.utils.errors import InputError

MIN_PROBABILITY = 0.01
"""Soft labels below this are left out; they would multiply the rows and hardly change the solution."""


@dataclass(frozen=True)
class WeightedRows:
    """What a solver is given: one row per document, or one per document and class."""

    documents: np.ndarray
    """Position of the document of each row, int (rows,)."""
    targets: np.ndarray
    """Target of each row."""
    weights: np.ndarray | None
    """Weight of each row, above 0, float (rows,); None: all the same."""


def weighted_rows(train: EncodedDataset, settings: TrainingConfig, class_weight: np.ndarray | None) -> WeightedRows:
    """Return the rows of training documents that have a weight above 0.

    A document with soft labels has a row for each class that its teacher considers possible. As in
    ``DistillationLoss``, the weights of the rows are ``soft_label_weight`` times the soft labels, and the label, if it
    is known, adds the rest of the weight to its class. A hinge loss has no temperature: the probabilities are used as
    they are.

    Args:
        train: Training documents.
        settings: ``class_weights``, ``sampling`` and ``soft_label_weight``.
        class_weight: Weight of each class, float32 (classes,); None: all 1.

    Raises:
        InputError: There are soft labels of several labels per document.
    """
    if train.soft_labels is None:
        weights = document_weights(train, settings, class_weight)
        documents = np.arange(len(train.targets)) if weights is None else np.flatnonzero(weights > 0)
        return WeightedRows(documents, train.targets[documents], None if weights is None else weights[documents])
    if train.targets.ndim > 1:
        raise InputError(
            "a solved linear classifier does not learn the soft labels of multi-label data; give --model word_cnn or"
            " char_cnn, or network.ngrams 1 2"
        )
    soft = np.where(train.soft_labels < MIN_PROBABILITY, 0, train.soft_labels)
    of_classes = settings.soft_label_weight * soft.astype(np.float64)
    labelled = np.flatnonzero(train.targets >= 0)
    label_weights = document_weights(dataclasses.replace(train, sample_weight=None), settings, class_weight)
    of_labels = np.ones(len(labelled)) if label_weights is None else label_weights[labelled]
    of_classes[labelled, train.targets[labelled]] += (1 - settings.soft_label_weight) * of_labels
    if train.sample_weight is not None:
        of_classes *= train.sample_weight[:, None]
    documents, classes = np.nonzero(of_classes)
    return WeightedRows(documents, classes, of_classes[documents, classes])
