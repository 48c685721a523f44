"""Tables of rows that commands write beside their result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerascnn.data.config import SourceConfig
from kerascnn.scoring.table_writer import RowWriter, output_format
from kerascnn.utils.atomic_files import atomic_write, check_output_file
from kerascnn.utils.errors import InputError

DEFAULT_SEPARATOR = ";"
"""Joins the labels of a row in a table if the data has no separator."""


def check_table(name: str, option: str) -> None:
    """Check before any work that a table can be written; an empty name is none.

    Raises:
        InputError: Its suffix is unknown, or its place cannot be written.
    """
    if name == "-":
        raise InputError(f"{option}: standard output has the metrics; name a file")
    if name:
        try:
            output_format(name)
        except InputError as error:
            raise InputError(str(error).replace("--output", option)) from None
        check_output_file(Path(name))


def write_table(name: str, rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, spreadsheet_safe: bool) -> int:
    """Write a table and return the number of its rows; without rows it has its columns alone."""
    file_format, count = output_format(name), 0
    with atomic_write(Path(name)) as file:
        writer = RowWriter(file, file_format, spreadsheet_safe=spreadsheet_safe)
        if file_format != "jsonl":
            writer.write_header(columns)
        for count, row in enumerate(rows, 1):  # noqa: B007
            writer.write(dict(row))
    return count


def label_separator(name: str, source: SourceConfig) -> str:
    """Return what joins the labels of a row in a table; empty for JSON, which has lists."""
    return "" if output_format(name) == "jsonl" else source.label_separator or DEFAULT_SEPARATOR
