"""Write rows as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from kerascnn.utils.errors import InputError

FORMATS = ("csv", "tsv", "jsonl")


def output_format(output: str) -> str:
    """Return the format of an output file by its suffix; standard output, ``-``, is CSV.

    Raises:
        InputError: The suffix is unknown.
    """
    if output == "-":
        return "csv"
    suffix = Path(output.removesuffix(".gz")).suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise InputError(f"--output {output}: cannot write .{suffix}; use a name that ends in .csv, .tsv or .jsonl")
    return suffix


def row_writer(file: IO[str], file_format: str) -> Callable[[dict[str, Any]], None]:
    """Return a function that writes one row; the columns of CSV and TSV are those of the first row.

    Args:
        file: Text file.
        file_format: One of ``FORMATS``.
    """
    if file_format == "jsonl":
        return lambda row: print(json.dumps(row, ensure_ascii=False), file=file)
    delimiter = "\t" if file_format == "tsv" else ","
    columns: list[str] = []

    def write(row: dict[str, Any]) -> None:
        if not columns:
            columns.extend(row)
            _write_cells(file, columns, delimiter)
        if new := ", ".join(sorted(row.keys() - set(columns))):
            raise InputError(f"a row has {new}, but the first row does not; write --output NAME.jsonl instead")
        _write_cells(file, [row.get(name, "") for name in columns], delimiter)

    return write


def _write_cells(file: IO[str], cells: Sequence[Any], delimiter: str) -> None:
    """Write a line of CSV as RFC 4180 has it, with a bare newline at its end.

    Up to Python 3.12, ``csv.writer`` leaves a carriage return outside quotes if it is not part of the line end.
    """
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    file.write(line.getvalue().removesuffix("\r\n") + "\n")
