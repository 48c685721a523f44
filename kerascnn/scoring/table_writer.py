"""Write rows as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
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
    writer: csv.DictWriter[str] | None = None

    def write(row: dict[str, Any]) -> None:
        nonlocal writer
        if writer is None:
            delimiter = "\t" if file_format == "tsv" else ","
            writer = csv.DictWriter(file, list(row), delimiter=delimiter, lineterminator="\n")
            writer.writeheader()
        try:
            writer.writerow(row)
        except ValueError:
            new = ", ".join(sorted(row.keys() - set(writer.fieldnames)))
            raise InputError(
                f"a row has {new}, but the first row does not; write --output NAME.jsonl instead"
            ) from None

    return write
