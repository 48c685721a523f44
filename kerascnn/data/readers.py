"""Reads CSV, TSV, JSONL, Parquet and plain text, each plain or gzipped, a record at a time."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from kerascnn.config import SourceConfig
from kerascnn.data import json_values
from kerascnn.data.encodings import STDIN, RewindableLines, describe_undecodable, open_binary, read_lines
from kerascnn.data.records import BadRow, BadRowHandler, Record, raise_bad_row
from kerascnn.utils.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import pyarrow

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "txt",
}
# Far above any document, and low enough that a quote left open in a huge file ends in a message, not in swapping.
MAX_FIELD_CHARACTERS = 100_000_000
_JSONL = 'a line must be one object such as {"text": "…", "label": "…"}'


def read_file(
    path: str, source: SourceConfig, *, labelled: bool, on_bad_row: BadRowHandler = raise_bad_row
) -> Iterator[Record]:
    """Read the records of one file.

    Args:
        path: The file; ``-`` is standard input. Gzip is recognized by ``.gz`` or by its first bytes.
        source: Format, encoding and columns.
        labelled: Whether the columns of labels must be there; where not, only the text column must.
        on_bad_row: Is given rows that cannot be read, which are then left out; null is no text for it. By default the
            first one is refused, and null is an empty text.

    Yields:
        A record a row, with all columns (Parquet: the needed ones where ``labelled``), in the order of the file.

    Raises:
        InputError: The file is damaged, or is not what its name or the settings say; the message names the row.
    """
    kind = detect_format(path, source)
    needed = source.columns if labelled else (source.text_column,)
    if kind == "txt":
        if labelled:
            raise InputError(f"{path} is plain text without labels; give csv, tsv, jsonl, parquet or a folder a class")
        return _read_txt(path, source, on_bad_row)
    if kind == "jsonl":
        return _read_jsonl(path, source, needed, on_bad_row)
    if kind == "parquet":
        return _read_parquet(path, source, needed, on_bad_row)
    return _read_csv(path, source, needed, on_bad_row, delimiter=_delimiter(kind))


def column_names(path: str, source: SourceConfig) -> list[str]:
    """All columns of a CSV, TSV or JSONL file, in the order in which they come; JSON lines are all read for it.

    Raises:
        InputError: As in ``read_file``; rows that cannot be read are passed over.
    """
    kind, needed = detect_format(path, source), (source.text_column,)
    if kind != "jsonl":
        return _Table(path, source, needed, _pass_over, _delimiter(kind)).header
    records = _read_jsonl(path, source, needed, _pass_over)
    return list(dict.fromkeys(name for record in records for name in record.fields))


def detect_format(path: str, source: SourceConfig) -> str:
    """What a file is: a value of ``FORMATS``.

    Raises:
        InputError: Neither the settings nor its name say so.
    """
    if source.format != "auto":
        return source.format
    if path == STDIN:
        return "txt"
    suffix = PurePath(path.lower().removesuffix(".gz")).suffix
    if suffix not in FORMATS:
        raise InputError(
            f"{path}: cannot tell the format from {repr(suffix) if suffix else 'a name without extension'}; "
            f"use {', '.join(FORMATS)} (also .gz) or say --source.format csv"
        )
    return FORMATS[suffix]


def _delimiter(kind: str) -> str:
    return "\t" if kind == "tsv" else ","


def _pass_over(bad: BadRow) -> None:
    """The one who reads the rows for themselves says what is wrong with them."""


def _errors(on_bad_row: BadRowHandler) -> str:
    """What is done with bytes that cannot be decoded: they are an error, or the row is rejected later."""
    return "strict" if on_bad_row is raise_bad_row else "surrogateescape"


def _read_txt(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[Record]:
    for number, line in enumerate(read_lines(path, source.encoding, errors=_errors(on_bad_row)), start=1):
        if fault := describe_undecodable(line, source.encoding):
            on_bad_row(BadRow(path, number, fault, line))
        else:
            yield Record({source.text_column: line.rstrip("\n")}, path, number)


class _Table:
    """A CSV or TSV file, of which the header has been read."""

    def __init__(
        self, path: str, source: SourceConfig, needed: tuple[str, ...], on_bad_row: BadRowHandler, delimiter: str
    ) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
        self.lines = RewindableLines(read_lines(path, source.encoding, newline="", errors=_errors(on_bad_row)))
        self.rows = csv.reader(self.lines, delimiter=delimiter, strict=True)
        try:
            self.header = [name.strip() for name in next(filter(None, self.rows), ())]
        except csv.Error as error:
            raise InputError(f"{path}, row 1: {_quoting(error)}") from None
        _check_header(path, self.header, needed)


def _read_csv(
    path: str, source: SourceConfig, needed: tuple[str, ...], on_bad_row: BadRowHandler, delimiter: str
) -> Iterator[Record]:
    table = _Table(path, source, needed, on_bad_row, delimiter)
    lines, header = table.lines, table.header
    while True:
        lines.start_record()
        start = lines.number + 1
        try:
            values = next(table.rows)
            fault = _fault(values, header, delimiter)
        except StopIteration:
            return
        except csv.Error as error:
            # a quote left open takes in all lines to the next quote, which are no part of this row
            lines.rewind_to_next_line()
            fault = _quoting(error)
        if on_bad_row is not raise_bad_row:
            fault = describe_undecodable("".join(lines.record), source.encoding) or fault
        if fault:
            on_bad_row(BadRow(path, start, fault, "".join(lines.record)))
        elif values:
            yield Record(dict(zip(header, values, strict=True)), path, start)


def _fault(values: list[str], header: list[str], delimiter: str) -> str:
    if len(values) in (0, len(header)):
        return ""
    mark = "a tab" if delimiter == "\t" else "a comma"
    return f'{len(values)} fields, the header has {len(header)}; put a text that holds {mark} in "quotes"'


def _quoting(error: csv.Error) -> str:
    return f'broken quoting ({error}); close the quote and double each one inside: "say ""hi"""'


def _check_header(path: str, header: list[str], needed: tuple[str, ...]) -> None:
    if not header:
        raise InputError(f"{path} is empty; its first line must name the columns")
    if any("\0" in name for name in header):
        raise InputError(f"{path}, row 1: NUL bytes in the header; if this is UTF-16, say --source.encoding utf-16-le")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{path}, row 1: two columns are called {twice!r}; rename one")
    if fault := _missing(header, needed):
        raise InputError(f"{path}: {fault}")


def _missing(columns: Iterable[str], needed: tuple[str, ...]) -> str:
    """Which of the needed columns there is not, and how to name it; nothing, if all are there."""
    columns = list(columns)
    of_labels = "--label-column" if len(needed) == 2 else "--label-columns"
    for name, option in zip(needed, ("--text-column", *[of_labels] * len(needed)), strict=False):
        if name not in columns:
            return (
                f"no column {name!r}, there are {', '.join(map(repr, columns)) or 'none'}"
                f"{did_you_mean(name, columns)}; name it with {option}"
            )
    return ""


def _read_jsonl(
    path: str, source: SourceConfig, needed: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    number = 0
    for number, line in enumerate(read_lines(path, source.encoding, newline="\n", errors=_errors(on_bad_row)), start=1):
        if not line.strip():
            continue
        try:
            record = json_values.parse_record(
                _object(line, source, needed), path, number, source, needed, nulls=on_bad_row is raise_bad_row
            )
        except InputError as error:
            on_bad_row(BadRow(path, number, str(error), line))
        else:
            yield record
    if not number:
        raise InputError(f"{path} is empty; {_JSONL}")


def _object(line: str, source: SourceConfig, needed: tuple[str, ...]) -> dict[str, Any]:
    """What a line of JSON holds.

    Raises:
        InputError: It is not an object with the needed keys.
    """
    if fault := describe_undecodable(line, source.encoding):
        raise InputError(fault)
    try:
        values = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"not JSON ({error.msg} at character {error.pos + 1}); {_JSONL}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON that can be read ({error}); {_JSONL}") from None
    if not isinstance(values, dict):
        raise InputError(f"{_JSONL}, this is a {type(values).__name__}")
    if fault := _missing(values, needed):
        raise InputError(fault)
    return values


def _read_parquet(
    path: str, source: SourceConfig, needed: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    number = 0
    for batch in read_parquet_batches(path, needed, list(needed) if len(needed) > 1 else None):
        for values in batch.to_pylist():
            number += 1
            try:
                record = json_values.parse_record(
                    values, path, number, source, needed, nulls=on_bad_row is raise_bad_row
                )
            except InputError as error:
                on_bad_row(BadRow(path, number, str(error), json_values.to_text(values[source.text_column])))
            else:
                yield record


def read_parquet_batches(
    path: str, needed: tuple[str, ...], only: list[str] | None = None, rows: int = 1024
) -> Iterator[pyarrow.RecordBatch]:
    """Read a Parquet file.

    Args:
        path: The file; ``-`` is standard input.
        needed: Columns that must be there, the text first.
        only: Columns to read; None: all.
        rows: Rows in a batch at the most.

    Yields:
        At least one batch, for its columns.

    Raises:
        InputError: The file is damaged, or a needed column is not there.
    """
    import pyarrow
    import pyarrow.parquet

    number = 0
    with open_binary(path) as binary:
        try:
            seekable = io.BytesIO(binary.read()) if path == STDIN or isinstance(binary, gzip.GzipFile) else binary
            table = pyarrow.parquet.ParquetFile(seekable)
            if fault := _missing(table.schema_arrow.names, needed):
                raise InputError(f"{path}: {fault}")
            for batch in table.iter_batches(batch_size=rows, columns=only):
                yield batch
                number += len(batch)
            if not number:
                yield pyarrow.RecordBatch.from_pylist([], table.schema_arrow)
        except (pyarrow.ArrowException, OSError, EOFError, zlib.error) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}, row {number + 1}: damaged Parquet file ({reason}); write it again") from None
