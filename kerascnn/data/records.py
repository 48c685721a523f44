"""Records, labelled rows and rows that cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from kerascnn.utils.errors import InputError


class Token(NamedTuple):
    """A token of a text that has a tag for each token.

    Attributes:
        text: The token, as the file has it.
        start: Position of its first character in the text of the row.
        end: Position after its last character.
        line: Number of its line in the file, from 1; 0: the file has no line for each token.
        columns: All columns of its line, if they are to be written with the prediction.
    """

    text: str
    start: int
    end: int
    line: int = 0
    columns: tuple[str, ...] = ()


class Record(NamedTuple):
    """The raw fields of one document, as the source has them.

    Attributes:
        fields: Column names to values, as text.
        file: Path of the file or name of the source, as given.
        number: Number of the row, from 1: as a spreadsheet counts the rows of a CSV file, with the header as row 1; the
            line of a JSONL record, the position in a Parquet file or data set, 1 for a document that has a file of its
            own.
        labels: The labels, if the file itself holds a list of them; with ``tokens``, the tag of each token.
        line: Number of the line on which a CSV record or a CoNLL sentence starts, from 1; other than ``number`` if
            fields before it have line breaks. 0: not known.
        label_type: Type of the label, or of the labels, in the file: one of ``label_types.LABEL_TYPES``.
        tokens: The tokens of the text, if the file has them; None: it has none.
    """

    fields: dict[str, str]
    file: str
    number: int
    labels: tuple[str, ...] | None = None
    line: int = 0
    label_type: str = "str"
    tokens: tuple[Token, ...] | None = None


class BadRow(NamedTuple):
    """A row that cannot be read; ``file``, ``number`` and ``line`` as in ``Record``.

    Attributes:
        reason: What is wrong with the row, and the remedy.
        raw: The row in the file, undecodable bytes as lone surrogates (PEP 383); for Parquet, the value of the text
            column.
    """

    file: str
    number: int
    reason: str
    raw: str
    line: int = 0


BadRowHandler = Callable[[BadRow], None]
"""Handles a row that cannot be read. If it returns, reading continues with the next row."""


def raise_bad_row(bad_row: BadRow) -> None:
    """Raise an ``InputError`` for a row that cannot be read."""
    raise InputError(f"{location(bad_row)}: {bad_row.reason}")


SINGLE_LABEL_TASK = "single_label"
MULTI_LABEL_TASK = "multi_label"
TAGGING_TASK = "tagging"
"""Names of the tasks, see ``kerascnn.tasks``."""


class Row(NamedTuple):
    """One labelled document; ``file``, ``number`` and ``line`` as in ``Record``.

    Attributes:
        text: The document.
        labels: All labels, in multi-label data sorted and without duplicates; empty if no label is known or applies.
            In tagging data, the tag of each token.
        task: Name of the task whose form the labels have in the source.
        label_type: As in ``Record``.
        tokens: The tokens of the text in tagging data, with their positions in it; empty in other data.
    """

    text: str
    labels: tuple[str, ...]
    file: str
    number: int
    task: str = SINGLE_LABEL_TASK
    line: int = 0
    label_type: str = "str"
    tokens: tuple[Token, ...] = ()

    @property
    def label(self) -> str:
        """The label of a single-label row; empty if unknown."""
        return self.labels[0] if self.labels else ""


def location(row: Row | Record | BadRow) -> str:
    """Return the location of a row for messages, such as ``train.csv, row 7`` or ``train.csv, row 7 (line 9)``."""
    line = f" (line {row.line})" if row.line not in (0, row.number) else ""
    return f"{row.file}, row {row.number}{line}"


def hash_rows(rows: Iterable[Row]) -> str:
    """Return the SHA-256 hash of texts and labels, hexadecimal."""
    digest = hashlib.sha256()
    for row in rows:
        labels = "\x1d".join(row.labels)
        tokens = "\x1d".join(token.text for token in row.tokens)
        digest.update(f"{row.text}\x1f{labels}\x1e{tokens}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
