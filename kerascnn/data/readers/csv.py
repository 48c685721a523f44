"""Read CSV and TSV files."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from kerascnn.config import SourceConfig
from kerascnn.data.encodings import describe_undecodable, read_lines
from kerascnn.data.readers.base import (
    decoding_errors,
    describe_missing_column,
    describe_repeated_column,
    is_strict,
    skip_bad_row,
)
from kerascnn.data.records import BadRow, BadRowHandler, Record
from kerascnn.utils.errors import InputError

# Far above any document, and low enough that a quote left open in a huge file ends in a message, not in swapping.
MAX_FIELD_CHARACTERS = 100_000_000


def read_csv(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler, delimiter: str = ","
) -> Iterator[Record]:
    """Yield the records of a CSV file."""
    table = _Table(path, source, required, on_bad_row, delimiter)
    lines, header = table.lines, table.header
    while True:
        lines.start_record()
        start = lines.number + 1
        try:
            values = next(table.rows)
            fault = _describe_field_count(values, header, delimiter)
        except StopIteration:
            return
        except csv.Error as error:
            # an open quote includes all lines up to the next quote, which are not part of this row
            lines.rewind_to_second_line()
            fault = _describe_quoting(error)
        if not is_strict(on_bad_row):
            fault = describe_undecodable("".join(lines.record), source.encoding) or fault
        if fault:
            on_bad_row(BadRow(path, start, fault, "".join(lines.record)))
        elif values:
            yield Record(dict(zip(header, values, strict=True)), path, start)


def read_tsv(path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler) -> Iterator[Record]:
    """Yield the records of a TSV file."""
    return read_csv(path, source, required, on_bad_row, delimiter="\t")


def read_csv_header(path: str, source: SourceConfig, delimiter: str = ",") -> list[str]:
    """Return the column names of a CSV file."""
    return _Table(path, source, (source.text_column,), skip_bad_row, delimiter).header


def read_tsv_header(path: str, source: SourceConfig) -> list[str]:
    """Return the column names of a TSV file."""
    return read_csv_header(path, source, delimiter="\t")


class RewindableLines:
    """An iterator over lines that can read the lines of the current record again.

    Args:
        lines: The lines.

    Attributes:
        number: Number of lines read so far.
        record: Lines read since ``start_record``.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        self.record: list[str] = []
        self._lines, self._rewound = iter(lines), deque[str]()

    def __iter__(self) -> RewindableLines:
        return self

    def __next__(self) -> str:
        line = self._rewound.popleft() if self._rewound else next(self._lines)
        self.number += 1
        self.record.append(line)
        return line

    def start_record(self) -> None:
        """Start a record at the next line."""
        self.record = []

    def rewind_to_second_line(self) -> None:
        """Reduce the record to its first line, and read its other lines again."""
        self._rewound.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1
        self.record = self.record[:1]


class _Table:
    """A CSV or TSV file whose header has been read."""

    def __init__(
        self, path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler, delimiter: str
    ) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
        self.lines = RewindableLines(read_lines(path, source.encoding, newline="", errors=decoding_errors(on_bad_row)))
        self.rows = csv.reader(self.lines, delimiter=delimiter, strict=True)
        try:
            self.header = [name.strip() for name in next(filter(None, self.rows), ())]
        except csv.Error as error:
            raise InputError(f"{path}, row 1: {_describe_quoting(error)}") from None
        _check_header(path, self.header, required, source.encoding)


def _check_header(path: str, header: list[str], required: tuple[str, ...], encoding: str) -> None:
    if not header:
        raise InputError(f"{path} is empty; its first line must name the columns")
    if any("\0" in name for name in header):
        raise InputError(
            f"{path}, row 1: NUL bytes in the header; if the file is UTF-16, add --source.encoding utf-16-le"
        )
    if fault := describe_undecodable(",".join(header), encoding) or describe_repeated_column(header):
        raise InputError(f"{path}, row 1: {fault}")
    if fault := describe_missing_column(header, required):
        raise InputError(f"{path}: {fault}")


def _describe_field_count(values: list[str], header: list[str], delimiter: str) -> str:
    if len(values) in (0, len(header)):
        return ""
    name = "a tab" if delimiter == "\t" else "a comma"
    return (
        f"{len(values)} {'field' if len(values) == 1 else 'fields'}, but the header has {len(header)}; put a text that"
        f' contains {name} in "quotes"'
    )


def _describe_quoting(error: csv.Error) -> str:
    return f'broken quoting ({error}); close the quote, and double each quote inside it: "say ""hi"""'
