"""Check and split texts that are given in Python, without files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.splits import split_rows
from kerascnn.tasks import Task
from kerascnn.utils.errors import InputError

NO_VALIDATION = "early stopping needs validation data; give validation_data, or a validation_fraction above 0"
"""Message of the error of a training without validation data."""


def split_validation(
    texts: Sequence[str],
    labels: Sequence[tuple[str, ...]],
    source: SourceConfig,
    task: Task,
    is_labelled: Sequence[bool] | np.ndarray | None = None,
) -> tuple[list[int], list[int]]:
    """Return the positions of the training and of the validation documents, stratified by class or labels.

    A document without a known label becomes a training document, unless a validation document has the same text.

    Args:
        texts: The documents.
        labels: Labels of each document, as ``Row.labels``.
        source: Fraction and seed of the split.
        task: The task of the labels.
        is_labelled: Whether the labels of each document are known; None: all are.

    Raises:
        InputError: ``source.validation_fraction`` is 0, or there are too few documents.
    """
    if source.validation_fraction == 0:
        raise InputError(NO_VALIDATION)
    pairs = zip(texts, labels, strict=True)
    rows = [Row(text, names, "texts", number, task.name) for number, (text, names) in enumerate(pairs)]
    known = [True] * len(rows) if is_labelled is None else is_labelled
    labelled = [row for row in rows if known[row.number]]
    splits = split_rows(labelled, None, None, dataclasses.replace(source, test_fraction=0.0))
    validation_texts = {row.text for row in splits.validation}
    unlabelled = [row for row in rows if not known[row.number] and row.text not in validation_texts]
    return [row.number for row in [*splits.train, *unlabelled]], [row.number for row in splits.validation]
