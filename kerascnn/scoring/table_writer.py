"""Write rows as CSV, TSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from kerascnn.utils.errors import InputError

FORMATS = ("csv", "tsv", "jsonl")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""Signs at the start of a cell that make it a formula in spreadsheets (OWASP, CSV Injection)."""


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


class RowWriter:
    """Writes rows of CSV or TSV, the columns of which are those of the first row; or JSON lines.

    Args:
        file: Text file.
        file_format: One of ``FORMATS``.
        spreadsheet_safe: Write an apostrophe before cells that a spreadsheet would run as a formula (not in JSON).
    """

    def __init__(self, file: IO[str], file_format: str, *, spreadsheet_safe: bool = False) -> None:
        self.columns: list[str] = []
        self._file, self._format, self._is_safe = file, file_format, spreadsheet_safe

    def write_header(self, columns: Iterable[str]) -> None:
        """Write the names of the columns; CSV and TSV only."""
        self.columns = list(columns)
        self._write_cells(self.columns)

    def write(self, row: dict[str, Any]) -> None:
        """Write a row.

        Raises:
            InputError: It has a column that the first row does not have.
        """
        if self._format == "jsonl":
            print(json.dumps(row, ensure_ascii=False), file=self._file)
            return
        if not self.columns:
            self.write_header(row)
        if new := ", ".join(sorted(row.keys() - set(self.columns))):
            raise InputError(f"a row has {new}, but the first row does not; write --output NAME.jsonl instead")
        self._write_cells([row.get(name, "") for name in self.columns])

    def _write_cells(self, cells: Sequence[Any]) -> None:
        """Write a line of CSV as RFC 4180 has it, with a bare newline at its end.

        Up to Python 3.12, ``csv.writer`` leaves a carriage return outside quotes if it is not part of the line end.
        """
        if self._is_safe:
            cells = [f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell for cell in cells]
        line = io.StringIO()
        csv.writer(line, delimiter="\t" if self._format == "tsv" else ",", lineterminator="\r\n").writerow(cells)
        self._file.write(line.getvalue().removesuffix("\r\n") + "\n")
