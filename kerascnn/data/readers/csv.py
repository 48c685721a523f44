"""Read CSV and TSV files."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import describe_undecodable, read_lines
from kerascnn.data.readers.base import (
    decoding_errors,
    describe_missing_column,
    describe_repeated_column,
    is_strict,
    skip_bad_row,
)
from kerascnn.data.readers.joined_rows import JoinedRows, split_lines
from kerascnn.data.readers.rewindable_lines import RewindableLines, RowTooLargeError
from kerascnn.data.records import BadRow, BadRowHandler, Record
from kerascnn.utils.errors import InputError

TAB = "\t"
DELIMITERS = {"tab": TAB}
"""Delimiters that have a name in the settings."""
DELIMITER_NAMES = {",": "a comma", ";": "a semicolon", TAB: "a tab", "|": "a vertical bar"}
"""Delimiters that are found without a setting."""
SAMPLE_LINES = 20
"""Lines that the delimiter is found in, if the file has no header."""
_EXCEL_DELIMITER = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
"""First line that spreadsheets write and read."""
_SPACED_HEADER = re.compile(r'\w"?[,;|] "?\w')
"""A header with a space after the delimiter; the rows have one too."""
_SPACED_QUOTES = re.compile(r' +".*"\s*')
"""A field in quotes after a space, read as part of the field."""
_UNNAMED = re.compile(r"Unnamed: \d+")


def read_csv(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler, default: str = ","
) -> Iterator[Record]:
    """Yield the records of a CSV file, numbered as a spreadsheet does; ``default`` is its usual delimiter."""
    table = _Table(path, source, required, on_bad_row, default)
    lines, header, number = table.lines, table.header, table.number
    while True:
        lines.start_record()
        start, number = lines.number + 1, number + 1
        try:
            values = table.pad_row(next(table.rows))
            fault = table.describe_fault(values)
            if not fault and (fault := table.describe_joined_rows(values)):
                lines.rewind_to_second_line()
        except StopIteration:
            return
        except csv.Error as error:
            # an open quote includes all lines up to the next quote, which are not part of this row
            lines.rewind_to_second_line()
            fault = _describe_quoting(error)
        if not is_strict(on_bad_row):
            fault = describe_undecodable("".join(lines.record), source.encoding) or fault
        if fault:
            on_bad_row(BadRow(path, number, fault, "".join(lines.record), start))
        elif values:
            yield Record(dict(zip(header, values, strict=True)), path, number, line=start)


def read_tsv(path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler) -> Iterator[Record]:
    """Yield the records of a TSV file."""
    return read_csv(path, source, required, on_bad_row, default="\t")


def read_csv_header(path: str, source: SourceConfig, default: str = ",") -> list[str]:
    """Return the column names of a CSV file."""
    return _Table(path, source, (source.text_column,), skip_bad_row, default).header


def read_tsv_header(path: str, source: SourceConfig) -> list[str]:
    """Return the column names of a TSV file."""
    return read_csv_header(path, source, default="\t")


class _Table:
    """A CSV or TSV file whose header has been read.

    Attributes:
        lines: Its lines after the header.
        rows: The records of these lines, as lists of strings.
        header: Names of the columns.
        number: Number of the row before the first record, that of the header if there is one.
    """

    def __init__(
        self, path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler, default: str
    ) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), source.max_row_bytes))
        errors = decoding_errors(on_bad_row)
        lines = read_lines(path, source.encoding, max_bytes=source.max_row_bytes, newline="", errors=errors)
        self.lines = RewindableLines(lines, source.max_row_bytes)
        self.lines.skip_blank_lines()
        self.number = self.lines.number
        delimiter, sample = DELIMITERS.get(source.delimiter, source.delimiter), self.lines.peek(SAMPLE_LINES)
        if sample and (match := _EXCEL_DELIMITER.fullmatch(sample[0])):
            delimiter = delimiter or match[1]
            next(self.lines)
            del sample[0]
        names = source.column_names
        if not delimiter and names:
            delimiter = _find_delimiter_of_rows(path, sample, len(names), default)
        elif not delimiter:
            delimiter = _find_delimiter_of_header("".join(sample[:1]), required, default)
        self.delimiter, self.has_names = delimiter, bool(names)
        self.options: dict[str, Any] = {"delimiter": delimiter, "strict": True}
        if source.quoting == "none":
            self.options |= {"quoting": csv.QUOTE_NONE, "strict": False}
        has_spaced_header = not names and _SPACED_HEADER.search("".join(sample[:1]))
        has_spaced_quotes = source.quoting != "none" and _has_spaced_quotes(sample, delimiter)
        self.options["skipinitialspace"] = bool(has_spaced_header or has_spaced_quotes)
        self.rows = csv.reader(self.lines, **self.options)
        self.header = list(names) or self._read_header(path)
        _check_header(path, self.header, required, source, delimiter)
        self.joined_rows: JoinedRows | None = None
        if source.quoting == "auto":
            self.joined_rows = JoinedRows(len(self.header), self.options, self.lines.peek(SAMPLE_LINES))

    def _read_header(self, path: str) -> list[str]:
        self.number += 1
        try:
            names = [name.strip() for name in next(filter(None, self.rows), ())]
        except csv.Error as error:
            raise InputError(f"{path}, row {self.number}: {_describe_quoting(error)}") from None
        # as pandas names them: spreadsheets write columns without a name, which nobody asks for
        return [name or f"Unnamed: {position}" for position, name in enumerate(names)] if any(names) else names

    def pad_row(self, values: list[str]) -> list[str]:
        """Return the fields of a row, with those of columns without a name at the end, which may be left out."""
        missing = self.header[len(values) :] if values else []
        return values + [""] * len(missing) if all(map(_UNNAMED.fullmatch, missing)) else values

    def describe_joined_rows(self, values: list[str]) -> str:
        """Describe why the lines of the current record are rows of their own; empty if they are one row."""
        if not self.joined_rows:
            return ""
        lines = self.lines.record
        if len(lines) > 1 and self.joined_rows.are_rows(lines):
            return (
                f"a quote joins {len(lines)} lines that look like rows; if quotes are part of the texts, read the file"
                " with --source.quoting none, otherwise with --source.quoting standard"
            )
        if values:
            self.joined_rows.add(values)
        return ""

    def describe_fault(self, values: list[str]) -> str:
        """Describe why a record is not a row of this table; empty if it is one."""
        if len(values) not in (0, len(self.header)):
            name = DELIMITER_NAMES.get(self.delimiter, repr(self.delimiter))
            remedy = f'put a text that contains {name} in "quotes"'
            if self.options.get("quoting") == csv.QUOTE_NONE:
                remedy = f"without quoting no text may contain {name}"
            return (
                f"{len(values)} {'field' if len(values) == 1 else 'fields'}, but the header has {len(self.header)};"
                f" {remedy}"
            )
        if len(values) > 1 and [value.strip("\ufeff ") for value in values] == self.header:
            if self.has_names:
                return "has the names of the columns; leave out --source.column-names"
            return "repeats the header; remove the row, as the file probably consists of several files"
        return ""


def _has_spaced_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether fields in quotes have a space before them, which is no part of them, and no other text has."""
    if not any(
        f'{delimiter} "' in line and any(map(_SPACED_QUOTES.fullmatch, fields[1:]))
        for line, fields in split_lines(lines, {"delimiter": delimiter})
    ):
        return False
    try:
        list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        is_cut = len(lines) >= SAMPLE_LINES - 1
        return is_cut and "unexpected end" in str(error)
    return True


def _find_delimiter_of_header(line: str, required: Sequence[str], default: str) -> str:
    """Return the delimiter with which a header has the required columns; the default if no other has them."""
    for delimiter in (default, *DELIMITER_NAMES):
        fields = next(csv.reader([line], delimiter=delimiter), [])
        if set(required) <= {field.strip() for field in fields}:
            return delimiter
    return default


def _find_delimiter_of_rows(path: str, lines: Sequence[str], columns: int, default: str) -> str:
    """Return the delimiter with which the first rows of a file without a header have the right number of columns.

    Raises:
        InputError: Several delimiters fit.
    """
    fitting = [
        delimiter
        for delimiter in DELIMITER_NAMES
        if all(len(row) in (0, columns) for row in csv.reader(lines, delimiter=delimiter))
    ]
    if len(fitting) > 1:
        names = " and ".join(DELIMITER_NAMES[delimiter] for delimiter in fitting)
        raise InputError(f"{path}: its first rows have {columns} columns by {names}; give --source.delimiter")
    return fitting[0] if fitting else default


TOKEN_COLUMNS, TAG_COLUMNS = {"word", "words", "token", "tokens"}, {"tag", "tags", "ner", "pos", "label", "labels"}
"""Columns of tables with a row for each token."""


def _check_header(
    path: str, header: list[str], required: tuple[str, ...], source: SourceConfig, delimiter: str
) -> None:
    if not header:
        raise InputError(f"{path} is empty; its first line must name the columns")
    if any("\0" in name for name in header):
        raise InputError(
            f"{path}, row 1: NUL bytes in the header; if the file is UTF-16, add --source.encoding utf-16-le"
        )
    if fault := describe_undecodable(",".join(header), source.encoding) or describe_repeated_column(header):
        raise InputError(f"{path}, row 1: {fault}")
    if fault := describe_missing_column(header, required):
        if len(header) == 2 and delimiter == TAB:
            fault += "; if each line is a token and its tag, add --source.format conll"
        elif {name.lower() for name in header} & TOKEN_COLUMNS and {name.lower() for name in header} & TAG_COLUMNS:
            fault += (
                "; if each row is a token, write lines of token, tab and tag instead, with an empty line after each"
                " sentence, into a file NAME.conll"
            )
        others = [mark for mark in DELIMITER_NAMES if mark != delimiter and mark in "".join(header)]
        if len(header) == 1 and others:
            raise InputError(
                f"{path}: the header has one column, {header[0]!r}; if {DELIMITER_NAMES[others[0]]} separates the"
                f" columns, add --source.delimiter {'tab' if others[0] == TAB else repr(others[0])}, and name those of"
                " texts and labels with --text-column and --label-column"
            )
        hint = "; if the first line is a row, name the columns with --source.column-names"
        raise InputError(f"{path}: {fault}{'' if source.column_names else hint}")


def _describe_quoting(error: csv.Error) -> str:
    if isinstance(error, RowTooLargeError):
        return f"{error}; if a quote is left open, close it, or read the file with --source.quoting none"
    return (
        f'broken quoting ({error}); close the quote, and double each quote inside it: "say ""hi"""; if quotes are part'
        " of the texts, read the file with --source.quoting none"
    )
