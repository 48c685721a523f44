"""Read Parquet files."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerascnn.config import SourceConfig
from kerascnn.data.encodings import STDIN, open_binary
from kerascnn.data.json_values import parse_record, to_text
from kerascnn.data.readers.base import describe_missing_column, is_strict
from kerascnn.data.records import BadRow, BadRowHandler, Record
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import pyarrow


def read_parquet(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield the records of a Parquet file: the required columns, or all columns if only the text is required."""
    number = 0
    for batch in read_parquet_batches(path, required, list(required) if len(required) > 1 else None):
        for values in batch.to_pylist():
            number += 1
            try:
                record = parse_record(values, path, number, source, required, allow_null=is_strict(on_bad_row))
            except InputError as error:
                on_bad_row(BadRow(path, number, str(error), to_text(values[source.text_column])))
            else:
                yield record


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
            if fault := describe_missing_column(table.schema_arrow.names, required):
                raise InputError(f"{path}: {fault}")
            for batch in table.iter_batches(batch_size=batch_size, columns=columns):
                yield batch
                number += len(batch)
            if not number:
                yield pyarrow.RecordBatch.from_pylist([], table.schema_arrow)
        except (pyarrow.ArrowException, OSError, EOFError, zlib.error) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}, row {number + 1}: damaged Parquet file ({reason}); write it again") from None
