"""Texts that are given in Python, without files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from kerascnn.config import SourceConfig
from kerascnn.data.records import Label, Row
from kerascnn.data.splits import split_rows
from kerascnn.utils.errors import InputError


def check_texts(texts: Sequence[str]) -> list[str]:
    """Return the texts as a list of strings.

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


def split_validation(
    texts: Sequence[str], labels: Sequence[Label | None], source: SourceConfig
) -> tuple[list[int], list[int]]:
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
