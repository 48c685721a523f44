"""Read Parquet files."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import STDIN, open_binary
from kerascnn.data.json_values import to_text
from kerascnn.data.readers.base import describe_missing_column, describe_repeated_column, is_strict
from kerascnn.data.readers.typed_rows import make_record
from kerascnn.data.records import BadRow, BadRowHandler, Record
from kerascnn.data.tagged_values import may_be_tagged
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import require_pyarrow

if TYPE_CHECKING:
    import pyarrow

_MAGIC = b"PAR1"
_COPY_BYTES = 2**20
_MIN_UNPACKED_BYTES, _MAX_UNPACKED_RATIO = 2**30, 100
"""A gzipped Parquet file, which is compressed itself, may be larger than the one, or than its size times the other."""


def read_parquet(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield the records of a Parquet file: the required columns, or all if only the text is required or it has tags.

    Rows with the same long string share it.
    """
    # deferred: they import NumPy
    require_pyarrow(path)
    from kerascnn.data.readers.parquet_batches import split_nested_columns, to_python

    number = 0
    for batch in _read_batches(path, source, required, 1024, split_nested_columns, may_have_tokens=True):
        names = batch.schema.names
        for row in zip(*map(to_python, batch.columns), strict=True):
            number += 1
            values = dict(zip(names, row, strict=True))
            try:
                for name, value in values.items():
                    if isinstance(value, ValueError):
                        raise InputError(describe_value_error(value, name))
                record = make_record(values, path, number, source, required, allow_null=is_strict(on_bad_row))
            except InputError as error:
                text = values.get(source.text_column)
                on_bad_row(BadRow(path, number, str(error), "" if isinstance(text, ValueError) else to_text(text)))
            else:
                yield record


def describe_value_error(error: ValueError, column: str) -> str:
    """Describe a value that Python cannot hold, such as a string that is not UTF-8 or a date in year 10,000."""
    return (
        f"{column!r} cannot be read ({to_one_line(error)}); write strings as UTF-8, and dates of the years 1 to 9999"
        " and of known time zones"
    )


def read_parquet_columns(path: str, source: SourceConfig) -> list[str]:
    """Return the column names of a Parquet file."""
    return list(next(read_parquet_batches(path, source, 1)).schema.names)


def read_parquet_batches(
    path: str, source: SourceConfig, batch_size: int, row_groups: Sequence[int] | None = None
) -> Iterator[pyarrow.RecordBatch]:
    """Read all columns of a Parquet file batch by batch.

    Args:
        path: The file; ``-`` is standard input.
        source: Name of the text column, and the largest size of a row.
        batch_size: Largest number of rows in a batch; batches of long rows have fewer.
        row_groups: Numbers of the row groups to read, from 0; None: all.

    Yields:
        At least one batch, which is empty if the file has no rows.

    Raises:
        InputError: The file is damaged, a row is too large, or the text column is missing.
    """
    require_pyarrow(path)
    from kerascnn.data.readers.parquet_batches import split_batch

    return _read_batches(
        path, source, (source.text_column,), batch_size, split_batch, may_have_tokens=False, row_groups=row_groups
    )


def _read_batches(
    path: str,
    source: SourceConfig,
    required: tuple[str, ...],
    batch_size: int,
    split: Callable[[pyarrow.RecordBatch, pyarrow.Schema], Iterator[pyarrow.RecordBatch]],
    *,
    may_have_tokens: bool,
    row_groups: Sequence[int] | None = None,
) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches of rows; ``split`` splits each, given the schema without dictionaries."""
    import pyarrow
    import pyarrow.parquet

    from kerascnn.data.readers.parquet_batches import iterate_batches

    number = 0
    with open_binary(path) as binary:
        try:
            with _open_seekable(path, binary) as seekable:
                table = pyarrow.parquet.ParquetFile(seekable)
                names = table.schema_arrow.names
                is_tagged = may_have_tokens and may_be_tagged(
                    _list_columns(table.schema_arrow), names, source, required
                )
                missing = "" if is_tagged else describe_missing_column(names, required)
                if fault := describe_repeated_column(names) or missing:
                    raise InputError(fault)
                columns = list(required) if len(required) > 1 and not is_tagged else None
                for batch in iterate_batches(table, seekable, columns, batch_size, source.max_row_bytes, row_groups):
                    yield from split(batch, table.schema_arrow)
                    number += len(batch)
                if not number:
                    yield pyarrow.RecordBatch.from_pylist([], table.schema_arrow)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        except Exception as error:  # Arrow raises errors of many classes for damaged files, also UnicodeDecodeError
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise InputError(f"{path}, row {number + 1}: damaged Parquet file ({reason}); write it again") from None


def _list_columns(schema: pyarrow.Schema) -> list[str]:
    from pyarrow import types

    return [field.name for field in schema if types.is_list(field.type) or types.is_large_list(field.type)]


@contextlib.contextmanager
def _open_seekable(path: str, binary: IO[bytes]) -> Iterator[IO[bytes]]:
    """Return a file that can be read at any position; standard input and gzip are copied to a temporary file."""
    if path != STDIN and not isinstance(binary, gzip.GzipFile):
        yield binary
        return
    limit = max(_MIN_UNPACKED_BYTES, _MAX_UNPACKED_RATIO * os.path.getsize(path)) if path != STDIN else None
    with tempfile.TemporaryFile() as file:
        while piece := binary.read(_COPY_BYTES):
            if not file.tell() and not piece.startswith(_MAGIC):
                raise InputError("damaged Parquet file (it does not start with PAR1); write it again")
            file.write(piece)
            if limit and file.tell() > limit:
                raise InputError(
                    f"more than {limit:,} bytes after decompression, too many for its size; decompress it with gunzip"
                )
        yield file
