"""The interface of a file format, and what its readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import BadRow, BadRowHandler, Record, raise_bad_row
from kerascnn.utils.errors import did_you_mean


class Format(NamedTuple):
    """A file format.

    Attributes:
        suffixes: File name extensions, lower case, without ``.gz``.
        read: Yields the records of a file, given its path, the settings, the required columns (the text column first)
            and the handler of rows that cannot be read.
        column_names: Returns the names of the columns of a file, given its path and the settings.
    """

    suffixes: tuple[str, ...]
    read: Callable[[str, SourceConfig, tuple[str, ...], BadRowHandler], Iterator[Record]]
    column_names: Callable[[str, SourceConfig], list[str]]


def skip_bad_row(bad_row: BadRow) -> None:
    """Skip a row that cannot be read."""


def is_strict(on_bad_row: BadRowHandler) -> bool:
    """Return whether reading stops at the first row that cannot be read."""
    return on_bad_row is raise_bad_row


def decoding_errors(on_bad_row: BadRowHandler) -> Literal["strict", "surrogateescape"]:
    """Return the error handler of the decoder, which keeps undecodable bytes if their rows are handled later."""
    return "strict" if is_strict(on_bad_row) else "surrogateescape"


def describe_repeated_column(columns: Sequence[str]) -> str:
    """Describe the first name that several columns have; empty if all names differ."""
    repeated = next((name for name in columns if columns.count(name) > 1), None)
    return "" if repeated is None else f"two columns are named {repeated!r}; rename one of them"


def describe_missing_column(columns: Iterable[str], required: tuple[str, ...]) -> str:
    """Describe the first required column that is missing and how to name it; empty if none is missing.

    Args:
        columns: Columns of the file.
        required: The text column, then the label columns.
    """
    columns = list(columns)
    label_option = "--label-column" if len(required) == 2 else "--label-columns"
    for position, name in enumerate(required):
        if name not in columns:
            option = label_option if position else "--text-column"
            return (
                f"no column {name!r}, there are {', '.join(map(repr, columns)) or 'none'}"
                f"{did_you_mean(name, columns)}; name it with {option}"
            )
    return ""
