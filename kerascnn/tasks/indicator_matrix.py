"""Indicator matrices, the form of multi-label targets in scikit-learn.

An indicator matrix is a table (documents, labels) of two columns or more that holds 1 where a label applies and 0
elsewhere: an array, a sparse matrix, a data frame whose columns are the labels, or a list of lists.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerascnn.utils.errors import InputError


def is_indicator_matrix(labels: Any) -> bool:
    """Return whether labels are an indicator matrix."""
    from sklearn.utils.multiclass import is_multilabel  # deferred: commands print their help without scikit-learn

    try:
        return bool(is_multilabel(labels) and np.isin(_to_dense(labels), (0, 1)).all())
    except (ValueError, TypeError):  # lists of different lengths
        return False


def is_one_hot(matrix: Any) -> bool:
    """Return whether each row of an indicator matrix has exactly one 1."""
    return bool((_to_dense(matrix).sum(axis=1) == 1).all())


def list_columns(matrix: Any) -> np.ndarray:
    """Return the columns of an indicator matrix by name or number, (labels,)."""
    return np.asarray(getattr(matrix, "columns", np.arange(_to_dense(matrix).shape[1])))


def select_columns(matrix: Any, classes: np.ndarray) -> np.ndarray:
    """Return an indicator matrix with its columns in the order of the classes, int32 (documents, labels).

    Args:
        matrix: The columns of a data frame are found by name; those of other matrices must have the order of classes.
        classes: All labels, (labels,).

    Raises:
        InputError: The matrix has other columns.
    """
    dense = _to_dense(matrix).astype(np.int32)
    if dense.shape[1] != len(classes):
        raise InputError(
            f"an indicator matrix of {dense.shape[1]} columns for the {len(classes)} labels {classes.tolist()};"
            " give one column per label, in this order"
        )
    if not hasattr(matrix, "columns"):
        return dense
    positions = {str(name): position for position, name in enumerate(matrix.columns)}
    if unknown := [name for name in map(str, classes) if name not in positions]:
        raise InputError(f"the labels have no column {unknown[0]!r}; there are {list(positions)}")
    return dense[:, [positions[name] for name in map(str, classes)]]


def _to_dense(labels: Any) -> np.ndarray:
    from scipy import sparse

    return labels.toarray() if sparse.issparse(labels) else np.asarray(labels)
