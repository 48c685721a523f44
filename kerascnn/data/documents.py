"""Documents and labels as Python hands them over, without files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sklearn.utils.validation import column_or_1d

from kerascnn.config import Source
from kerascnn.data.rows import Row
from kerascnn.data.splits import split_rows
from kerascnn.errors import InputError


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


def hold_out(texts: Sequence[str], labels: Sequence[Any], source: Source) -> tuple[list[int], list[int]]:
    """Positions of the documents to train on and of those to watch, split by class.

    A document whose label is None is trained on, unless it has the text of one that is watched.

    Raises:
        InputError: ``source.validation_fraction`` is 0, or there are too few documents.
    """
    if source.validation_fraction == 0:
        raise InputError("training stops by validation data: give some, or a validation_fraction above 0")
    pairs = list(enumerate(zip(texts, labels, strict=True)))
    rows = [Row(text, str(label), "texts", row) for row, (text, label) in pairs if label is not None]
    splits = split_rows(rows, None, None, dataclasses.replace(source, test_fraction=0.0))
    watched = {row.text for row in splits.validation}
    unlabelled = [row for row, (text, label) in pairs if label is None and text not in watched]
    return [row.number for row in splits.train] + unlabelled, [row.number for row in splits.validation]
