"""Read Parquet files."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import STDIN, open_binary
from kerascnn.data.json_values import parse_record, to_text
from kerascnn.data.readers.base import describe_missing_column, describe_repeated_column, is_strict
from kerascnn.data.records import BadRow, BadRowHandler, Record
from kerascnn.utils.errors import InputError, to_one_line

if TYPE_CHECKING:
    import pyarrow


def read_parquet(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield the records of a Parquet file: the required columns, or all columns if only the text is required."""
    number = 0
    for batch in read_parquet_batches(path, required, list(required) if len(required) > 1 else None):
        for values in to_python(batch):
            number += 1
            try:
                if isinstance(values, ValueError):
                    raise InputError(describe_value_error(values))
                record = parse_record(values, path, number, source, required, allow_null=is_strict(on_bad_row))
            except InputError as error:
                raw = "" if isinstance(values, ValueError) else to_text(values[source.text_column])
                on_bad_row(BadRow(path, number, str(error), raw))
            else:
                yield record


def to_python(values: pyarrow.RecordBatch | pyarrow.Array) -> Iterator[Any]:
    """Yield Python values of rows, or a ``ValueError`` in the place of a value that Python cannot hold."""
    try:
        yield from values.to_pylist()
    except (ValueError, OverflowError):  # of one row; before the first value was yielded
        for number in range(len(values)):
            try:
                yield from values.slice(number, 1).to_pylist()
            except (ValueError, OverflowError) as error:
                yield error if isinstance(error, ValueError) else ValueError(str(error))


def describe_value_error(error: ValueError) -> str:
    """Describe a value that Python cannot hold, such as a string that is not UTF-8 or a date in year 10,000."""
    return f"a value cannot be read ({to_one_line(error)}); write strings as UTF-8 and dates of the years 1 to 9999"


def read_parquet_columns(path: str, source: SourceConfig) -> list[str]:
    """Return the column names of a Parquet file."""
    return list(next(read_parquet_batches(path, (source.text_column,), batch_size=1)).schema.names)


def read_parquet_batches(
    path: str, required: tuple[str, ...], columns: list[str] | None = None, batch_size: int = 1024
) -> Iterator[pyarrow.RecordBatch]:
    """Read a Parquet file batch by batch.

    Args:
        path: The file; ``-`` is standard input.
        required: Columns that must exist, the text column first.
        columns: Columns to read; None: all.
        batch_size: Largest number of rows in a batch.

    Yields:
        At least one batch, which is empty if the file has no rows.

    Raises:
        InputError: The file is damaged, or a required column is missing.
    """
    import pyarrow
    import pyarrow.parquet

    number = 0
    with open_binary(path) as binary:
        try:
            seekable = io.BytesIO(binary.read()) if path == STDIN or isinstance(binary, gzip.GzipFile) else binary
            table = pyarrow.parquet.ParquetFile(seekable)
            names = table.schema_arrow.names
            if fault := describe_repeated_column(names) or describe_missing_column(names, required):
                raise InputError(f"{path}: {fault}")
            for batch in table.iter_batches(batch_size=batch_size, columns=columns):
                yield batch
                number += len(batch)
            if not number:
                yield pyarrow.RecordBatch.from_pylist([], table.schema_arrow)
        except (pyarrow.ArrowException, OSError, EOFError, zlib.error) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}, row {number + 1}: damaged Parquet file ({reason}); write it again") from None
