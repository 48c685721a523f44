"""Documents and labels as Python hands them over, without files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from kerascnn.config import SourceConfig
from kerascnn.data.records import Label, Row
from kerascnn.data.splits import split_rows
from kerascnn.utils.errors import InputError


def documents(texts: Sequence[str]) -> list[str]:
    """A list of strings.

    Raises:
        InputError: It is one string, or holds something else.
    """
    if isinstance(texts, (str, bytes)):
        raise InputError(f"give a list of texts, not one text. Received: {texts[:40]!r}")
    found = list(texts)
    for row, text in enumerate(found):
        if not isinstance(text, str):
            raise InputError(f"row {row}: a text must be a string. Received: {text!r}")
    return found


def column(labels: Sequence[Any]) -> list[Any]:
    """Labels as a list of what Python has for strings and numbers.

    Args:
        labels: A list, or an array or a column of a table, (documents,).

    Raises:
        InputError: There are none, or it is a table.
    """
    try:
        return column_or_1d(labels, warn=True).tolist()
    except ValueError as error:
        raise InputError(f"labels: {' '.join(str(error).split())}") from None


def classes_of(labels: Sequence[Any], *, taught: bool) -> np.ndarray:
    """All labels, sorted, (classes,); None is none where a teacher stands in for it.

    Raises:
        InputError: A label is missing, or is no class, or all are the same.
    """
    known = [label for label in labels if label is not None]
    if len(known) < len(labels) and not taught:
        row = next(row for row, label in enumerate(labels) if label is None)
        raise InputError(f"row {row} has no label; a label may be None beside soft_labels only")
    values = np.asarray(labels if len(known) == len(labels) else known)
    if (kind := type_of_target(values)) not in ("binary", "multiclass"):
        raise InputError(f"Unknown label type: {kind}; a label is a string or a whole number, one for each text")
    classes = np.unique(values)
    if len(classes) < 2:
        raise InputError(f"a classifier needs two classes or more. Received one class: {classes.tolist()}")
    return classes


def codes_of(labels: Sequence[Any], classes: np.ndarray, *, taught: bool = False) -> np.ndarray:
    """Positions of labels among the classes, int32 (documents,); -1 for None where a teacher stands in for labels.

    Raises:
        InputError: A label is none of the classes.
    """
    positions = {label: i for i, label in enumerate(classes.tolist())} | ({None: -1} if taught else {})
    labels = column(labels)
    for row, label in enumerate(labels):
        if label not in positions:
            raise InputError(f"row {row}: the label {label!r} was not seen in training; known are {list(positions)}")
    return np.fromiter((positions[label] for label in labels), np.int32, len(labels))


def hold_out(texts: Sequence[str], labels: Sequence[Label | None], source: SourceConfig) -> tuple[list[int], list[int]]:
    """Positions of the documents to train on and of those to watch, split by class or by labels.

    A document whose label is None is trained on, unless it has the text of one that is watched.

    Args:
        texts: The documents.
        labels: As ``Row.label``.
        source: Fraction and seed of the split.

    Raises:
        InputError: ``source.validation_fraction`` is 0, or there are too few documents.
    """
    if source.validation_fraction == 0:
        raise InputError("training stops by validation data: give some, or a validation_fraction above 0")
    pairs = list(enumerate(zip(texts, labels, strict=True)))
    rows = [Row(text, label, "texts", row) for row, (text, label) in pairs if label is not None]
    splits = split_rows(rows, None, None, dataclasses.replace(source, test_fraction=0.0))
    watched = {row.text for row in splits.validation}
    unlabelled = [row for row, (text, label) in pairs if label is None and text not in watched]
    return [row.number for row in splits.train] + unlabelled, [row.number for row in splits.validation]
