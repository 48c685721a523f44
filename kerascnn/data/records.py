"""What every source yields, and how messages speak of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from kerascnn.utils.errors import InputError


class Record(NamedTuple):
    """One example with every column it came with.

    Attributes:
        fields: Column name to value, as text.
        file: Path or source name, as given.
        number: Row as a person finds it, from 1: the line a CSV or JSONL record starts on (the CSV header is line 1),
            the row of a Parquet file or data set, 1 for an article that is a file of its own.
        labels: The labels, where the file itself holds a list of them.
    """

    fields: dict[str, str]
    file: str
    number: int
    labels: tuple[str, ...] | None = None


class BadRow(NamedTuple):
    """A row that cannot be read; ``file`` and ``number`` as in ``Record``.

    Attributes:
        reason: What is wrong with it, and what helps.
        raw: The row as it stands in the file, bytes that cannot be decoded as lone surrogates (PEP 383); of Parquet
            what stands in the place of the text.
    """

    file: str
    number: int
    reason: str
    raw: str


BadRowHandler = Callable[[BadRow], None]
"""What is done with rows that cannot be read; if it returns, reading goes on with the next row."""


def raise_bad_row(bad: BadRow) -> None:
    """Stop at the first row that cannot be read."""
    raise InputError(f"{location(bad)}: {bad.reason}")


Label = str | tuple[str, ...]
"""One label, or in multi-label data all labels, sorted, each once."""


class Row(NamedTuple):
    """One labelled example; ``file`` and ``number`` as in ``Record``.

    Attributes:
        label: The label, empty where it is not known, or the labels.
    """

    text: str
    label: Label
    file: str
    number: int

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, however many a row may have."""
        return (self.label,) if isinstance(self.label, str) else self.label


def location(row: Row | Record | BadRow) -> str:
    """The place of a row, for messages: ``train.csv, row 7``."""
    return f"{row.file}, row {row.number}"


def hash_rows(rows: Iterable[Row]) -> str:
    """A hash of texts and labels, hexadecimal."""
    found = hashlib.sha256()
    for row in rows:
        labels = "\x1d".join(row.labels)
        found.update(f"{row.text}\x1f{labels}\x1e".encode("utf-8", "surrogatepass"))
    return found.hexdigest()
