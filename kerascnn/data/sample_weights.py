"""Check and compute sample weights and class weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError, list_choices


def check_sample_weight(sample_weight: Any, num_documents: int) -> np.ndarray:
    """Return weights as float32 (documents,).

    Args:
        sample_weight: One number of 0 or more per document, not all of them 0.
        num_documents: Number of documents.

    Raises:
        InputError: The weights have another shape, or one of them cannot be used.
    """
    try:
        weights = np.asarray(sample_weight, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight: {error}; give one number per text") from None
    if weights.shape != (num_documents,):
        raise InputError(f"sample_weight: expected the shape (texts,) = ({num_documents},), found {weights.shape}")
    invalid = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(invalid):
        raise InputError(f"sample_weight, row {invalid[0]}: {weights[invalid[0]]} is not a number of 0 or more")
    if not weights.any():
        raise InputError("sample_weight: all weights are 0; give at least one row a weight")
    return weights


def encode_class_weight(class_weight: Mapping[Any, float], classes: np.ndarray) -> np.ndarray:
    """Return the weight of each class, float32 (classes,).

    Args:
        class_weight: Label to weight, 0 or more; 1 for other labels.
        classes: All labels.

    Raises:
        InputError: A label is unknown, or a weight cannot be used.
    """
    if not hasattr(class_weight, "items"):
        raise InputError(
            f"class_weight: give a dictionary of labels and weights, or the setting class_weights='balanced'. Received:"
            f" {shorten(class_weight)}"
        )
    positions = {label: position for position, label in enumerate(classes.tolist())}
    weights = np.ones(len(classes), np.float32)
    for label, weight in class_weight.items():
        if label not in positions:
            known = list_choices(str(label), [str(name) for name in positions])
            raise InputError(f"class_weight: no training row has the label {label!r}{known}")
        if not (isinstance(weight, int | float | np.number) and np.isfinite(weight) and weight >= 0):
            raise InputError(f"class_weight: {label!r} has the weight {weight!r}; give a number of 0 or more")
        weights[positions[label]] = weight
    if not weights.any():
        raise InputError("class_weight: all weights are 0; give at least one label a weight")
    return weights


def balance_classes(targets: np.ndarray) -> np.ndarray:
    """Return weights that give every class the same total weight, float32 (documents,).

    Args:
        targets: Class of each document, int (documents,); the weight of a document without a class, -1, is 0.
    """
    from sklearn.utils.class_weight import compute_sample_weight  # deferred: commands print their help without it

    has_class = targets >= 0
    weights = np.zeros(len(targets), np.float32)
    weights[has_class] = compute_sample_weight("balanced", targets[has_class])
    return weights
