"""Lists of labels, the form of multi-label data in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.tasks.label_values import to_label
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import MAX_SHOWN_LABELS, InputError, quote_names

COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)
"""Types of the labels of one document."""


def check_label_list(names: Any, row: int) -> list[Any]:
    """Return the labels of one document as Python strings and numbers."""
    if not isinstance(names, COLLECTIONS):
        shown = shorten(names)
        raise InputError(f"row {row}: {shown} where a list of labels is expected; write [{shown}], or [] for none")
    found = [to_label(name, row) for name in names]
    for name, label in zip(names, found, strict=True):
        if not isinstance(label, str | int):
            raise InputError(f"row {row}: the label {shorten(name)} is neither a string nor a whole number")
    return found


def is_list_of_lists(labels: Any) -> bool:
    """Return whether any document has a list of labels; ``check_label_list`` rejects the documents that have none."""
    if isinstance(labels, str | bytes) or getattr(labels, "ndim", 1) != 1 or not hasattr(labels, "__iter__"):
        return False
    return any(isinstance(names, COLLECTIONS) for names in labels)


def find_labels(labels: Sequence[Any]) -> np.ndarray:
    """Return all labels of lists of labels, sorted, (labels,).

    Raises:
        InputError: There are fewer than two, or they are of several types.
    """
    found = {label for row, names in enumerate(labels) for label in check_label_list(names, row)}
    types = {type(label).__name__ for label in found}
    if len(types) > 1:
        raise InputError(f"labels are of several types, {', '.join(sorted(types))}; give strings, or whole numbers")
    if len(found) < 2:
        raise InputError(f"a classifier needs two labels or more. Received: {sorted(found)}")
    return np.asarray(sorted(found))


def empty_unknown(labels: Sequence[Any]) -> list[Any]:
    """Return lists of labels with an empty list where the labels of a document are unknown (None)."""
    return [() if names is None else names for names in labels]


def encode_label_lists(labels: Sequence[Any], classes: np.ndarray) -> np.ndarray:
    """Return the indicator matrix of lists of labels, int32 (documents, labels).

    Raises:
        InputError: A label is not one of the classes.
    """
    positions = {label: position for position, label in enumerate(classes.tolist())}
    matrix = np.zeros((len(labels), len(classes)), np.int32)
    for row, names in enumerate(labels):
        for label in check_label_list(names, row):
            if label not in positions:
                raise InputError(
                    f"row {row}: the label {shorten(label)} was not seen in training; known are"
                    f" {quote_names(list(positions), MAX_SHOWN_LABELS)}"
                )
            matrix[row, positions[label]] = 1
    return matrix
