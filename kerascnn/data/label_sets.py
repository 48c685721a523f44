"""Any number of labels a document, as Python hands them over: lists of labels, or an indicator matrix.

An indicator matrix is a table (documents, labels) of two columns or more, as scikit-learn has it, that holds 1 where a
label applies and 0 where not: an array, a sparse matrix, a data frame whose columns are the labels, a list of lists.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import is_multilabel

from kerascnn.utils.errors import InputError

COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)


def is_several(labels: Any) -> bool:
    """Whether labels are lists of labels or an indicator matrix."""
    return is_indicator(labels) or _are_lists(labels)


def is_indicator(labels: Any) -> bool:
    """Whether labels are an indicator matrix."""
    try:
        return is_multilabel(labels) and bool(np.isin(_as_matrix(labels), (0, 1)).all())
    except (ValueError, TypeError):  # lists of several lengths
        return False


def classes_of(labels: Any) -> np.ndarray:
    """All labels, (labels,): sorted, or the columns of an indicator matrix by name or number.

    Raises:
        InputError: There are fewer than two.
    """
    if is_indicator(labels):
        return np.asarray(getattr(labels, "columns", np.arange(_as_matrix(labels).shape[1])))
    found = {label for row, names in enumerate(labels) for label in _checked(names, row)}
    kinds = {type(label).__name__ for label in found}
    if len(kinds) > 1:
        raise InputError(f"labels are of several types, {', '.join(sorted(kinds))}; give strings, or whole numbers")
    if len(found) < 2:
        raise InputError(f"a classifier needs two labels or more. Received: {sorted(found)}")
    return np.asarray(sorted(found))


def codes_of(labels: Any, classes: np.ndarray) -> np.ndarray:
    """The indicator matrix, int32 (documents, labels).

    Args:
        labels: Lists of labels, or an indicator matrix whose columns are ``classes``; those of a data frame by name.
        classes: All labels.

    Raises:
        InputError: A label is none of them, or the matrix has other columns.
    """
    if is_indicator(labels):
        matrix = _as_matrix(labels).astype(np.int32)
        if matrix.shape[1] != len(classes):
            raise InputError(
                f"an indicator matrix of {matrix.shape[1]} columns for the {len(classes)} labels {classes.tolist()};"
                " give a column for each, in this order"
            )
        if not hasattr(labels, "columns"):
            return matrix
        order = {str(name): position for position, name in enumerate(labels.columns)}
        if unknown := [name for name in map(str, classes) if name not in order]:
            raise InputError(f"the labels have no column {unknown[0]!r}; there are {list(order)}")
        return matrix[:, [order[name] for name in map(str, classes)]]
    positions = {label: position for position, label in enumerate(classes.tolist())}
    matrix = np.zeros((len(labels), len(classes)), np.int32)
    for row, names in enumerate(labels):
        for label in _checked(names, row):
            if label not in positions:
                raise InputError(
                    f"row {row}: the label {label!r} was not seen in training; known are {list(positions)}"
                )
            matrix[row, positions[label]] = 1
    return matrix


def _checked(names: Any, row: int) -> list[Any]:
    """The labels of a document as what Python has for strings and numbers."""
    if not isinstance(names, COLLECTIONS):
        raise InputError(
            f"row {row}: {names!r} where the labels of a document are a list; write [{names!r}], or [] for none"
        )
    found = [name.item() if isinstance(name, np.generic) else name for name in names]
    for name in found:
        if not isinstance(name, str | int):
            raise InputError(f"row {row}: the label {name!r} is neither a string nor a whole number")
    return found


def _are_lists(labels: Any) -> bool:
    """Whether documents have lists: one label among them is a mistake, told by its row."""
    if isinstance(labels, str | bytes) or getattr(labels, "ndim", 1) != 1 or not hasattr(labels, "__iter__"):
        return False
    return any(isinstance(names, COLLECTIONS) for names in labels)


def _as_matrix(labels: Any) -> np.ndarray:
    return labels.toarray() if sparse.issparse(labels) else np.asarray(labels)
