"""Soft labels: the class probabilities that a teacher gives to each text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerascnn.utils.errors import InputError

# Rounded figures add up to nearly 1; what is further off is something else than probabilities.
TOLERANCE = 0.01


def check_probabilities(
    values: Any,
    labels: Sequence[Any],
    rows: int,
    *,
    name: str,
    place: Callable[[int], str] | None = None,
    unknown: Sequence[str] = (),
) -> np.ndarray:
    """Check that values are probabilities.

    Args:
        values: Array (rows, labels).
        labels: Names of the classes.
        rows: How many are wanted.
        name: What the array is called in messages.
        place: What a row of it, from 0, is called.
        unknown: Other names that probabilities seem to stand under, for messages.

    Returns:
        float32 (rows, labels), each row with the sum 1.

    Raises:
        InputError: Another shape; a value that is no number from 0 to 1; a row whose sum is further from 1 than 0.01.
    """
    place = place or (lambda row: f"{name}, row {row}")
    try:
        # the precision in which they are kept, so that what was written to a file and read again is the same
        array = np.asarray(values, np.float32).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected an array of numbers ({rows}, {len(labels)}): {error}") from None
    if array.shape != (rows, len(labels)):
        raise InputError(
            f"{name}: expected probabilities of the shape (texts, labels) = {(rows, len(labels))}, the labels being"
            f" {_join_labels(labels)}. Received: {array.shape}"
        )
    for row, column in np.argwhere(~((array >= 0) & (array <= 1 + TOLERANCE)))[:1]:
        raise InputError(
            f"{place(row)}: {labels[column]!r} has the probability {array[row, column]:g}; give numbers from 0 to 1,"
            " the softmax of logits"
        )
    sums = array.sum(axis=1, keepdims=True)
    for row in np.flatnonzero(np.abs(sums - 1) > TOLERANCE)[:1]:
        others = f" (no label of the training data: {_join_labels(unknown)})" if unknown else ""
        raise InputError(
            f"{place(row)}: the probabilities of {_join_labels(labels)} sum to {sums[row, 0]:.4g}, not to 1{others};"
            " give the softmax over these labels alone"
        )
    return (array / sums).astype(np.float32)


def _join_labels(labels: Sequence[Any]) -> str:
    return ", ".join(map(repr, labels[:10])) + (", …" if len(labels) > 10 else "")
