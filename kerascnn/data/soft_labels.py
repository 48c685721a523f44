"""Soft labels: the probabilities that a teacher assigns to the classes of each text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerascnn.utils.errors import MAX_SHOWN_LABELS, InputError, quote_names

TOLERANCE = 0.01
"""Largest accepted difference from 1 of a sum: rounded probabilities are accepted, logits are not."""


def check_probabilities(
    values: Any,
    labels: Sequence[Any],
    num_rows: int,
    *,
    name: str,
    sums_to_one: bool = True,
    describe_row: Callable[[int], str] | None = None,
    other_columns: Sequence[str] = (),
) -> np.ndarray:
    """Check class probabilities and normalize each row.

    Args:
        values: Array (rows, labels).
        labels: Class names, in the order of the columns.
        num_rows: Expected number of rows.
        name: Name of the array for error messages.
        sums_to_one: Whether the classes exclude each other; otherwise the probabilities are returned as they are.
        describe_row: Returns the location of a row, from 0, for error messages; default: ``name`` and the number.
        other_columns: Columns of the same file that are not classes. They are named in the error message if the
            probabilities do not sum to 1.

    Returns:
        float32 (rows, labels); each row sums to 1 if the classes exclude each other.

    Raises:
        InputError: The shape is wrong, a value is not a number from 0 to 1, or the sum of a row differs from 1 by more
            than ``TOLERANCE``.
    """
    describe_row = describe_row or (lambda row: f"{name}, row {row}")
    try:
        # float32 first: the result is the same after a round trip through a file
        array = np.asarray(values, np.float32).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected an array of numbers ({num_rows}, {len(labels)}): {error}") from None
    if array.shape != (num_rows, len(labels)):
        raise InputError(
            f"{name}: expected probabilities of shape (texts, labels) = {(num_rows, len(labels))} for the labels"
            f" {quote_names(labels, MAX_SHOWN_LABELS)}. Received: {array.shape}"
        )
    for row, column in np.argwhere(~((array >= 0) & (array <= 1 + TOLERANCE)))[:1]:
        raise InputError(
            f"{describe_row(row)}: {labels[column]!r} has the probability {array[row, column]:g}; give numbers from 0"
            f" to 1, the {'softmax' if sums_to_one else 'sigmoid'} of the logits"
        )
    if not sums_to_one:
        return np.asarray(np.minimum(array, 1), np.float32)
    names, sums = quote_names(labels, MAX_SHOWN_LABELS), array.sum(axis=1, keepdims=True)
    for row in np.flatnonzero(np.abs(sums - 1) > TOLERANCE)[:1]:
        others = quote_names(other_columns, MAX_SHOWN_LABELS)
        remark = f" (not a label of the training data: {others})" if others else ""
        raise InputError(
            f"{describe_row(row)}: the probabilities of {names} sum to {sums[row, 0]:.4g}, not to 1"
            f"{remark}; give the softmax over these labels only"
        )
    return np.asarray(array / sums, np.float32)
