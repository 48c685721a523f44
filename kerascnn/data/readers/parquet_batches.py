"""Read a Parquet file in batches that are bounded in bytes.

A column of a few bytes can hold a long string once and refer to it in every row. Arrow would copy it for every row;
such columns are read as dictionaries.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from kerascnn.data.encodings import describe_too_large
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

BATCH_BYTES = 2**26
"""Approximate largest number of bytes of a batch."""
_BATCH_VALUES = 2**20
_ABSURD_BYTES, _ABSURD_RATIO = 2**28, 200
"""A group of rows that declares more bytes, and more in proportion to the file, is refused. A dictionary stores
repetitive columns in less."""
_MANY_ROWS, _ABSURD_ROWS = 1_000_000, 16
"""More rows are refused if there are more than the second number for each byte of the file."""
_DELTA_ROWS = 16
"""Smallest batch of columns whose values continue the previous ones, so that their sizes are not known."""


def iterate_batches(
    table: pyarrow.parquet.ParquetFile,
    binary: IO[bytes],
    columns: list[str] | None,
    batch_size: int,
    max_row_bytes: int,
    row_groups: Sequence[int] | None = None,
) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches of rows; long strings may be dictionaries, also inside lists and structures.

    Args:
        table: The file.
        binary: The same file, to open it a second time.
        columns: Columns to read; None: all.
        batch_size: Largest number of rows in a batch.
        max_row_bytes: Largest number of bytes of a row.
        row_groups: Numbers of the row groups to read, from 0; None: all.

    Raises:
        InputError: A row is too large, or the file declares an absurd size; the message does not name the file.
            Arrow raises other errors for damaged files.
    """
    import pyarrow.parquet

    strings = _string_columns(table, columns)
    options = {"metadata": table.metadata, "read_dictionary": strings}
    with_dictionaries = pyarrow.parquet.ParquetFile(binary, **options) if strings else table
    batch_size, has_long_strings = _inspect(with_dictionaries, columns, batch_size, binary.seek(0, os.SEEK_END))
    table = with_dictionaries if has_long_strings else table
    number = 0
    for batch in table.iter_batches(batch_size=batch_size, columns=columns, row_groups=row_groups):
        sizes = count_row_bytes(batch)
        if len(large := np.flatnonzero(sizes > max_row_bytes)):
            raise InputError(f"row {number + large[0] + 1}: {describe_too_large(max_row_bytes, int(sizes[large[0]]))}")
        yield batch
        number += len(batch)


def split_batch(batch: pyarrow.RecordBatch, schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """Yield the rows of a batch with the columns of a schema instead of dictionaries, in batches of bounded size."""
    import pyarrow

    plain_types = {pyarrow.string_view(): pyarrow.large_string(), pyarrow.binary_view(): pyarrow.large_binary()}
    for position, field in enumerate(schema):  # Arrow cannot select rows of views
        schema = schema.set(position, field.with_type(plain_types.get(field.type, field.type)))
    parts = np.cumsum(count_row_bytes(batch)) // BATCH_BYTES
    starts = [0, *(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(batch)]
    for start, end in itertools.pairwise(starts):
        # a slice would keep the values of all lists, and convert them for each part
        part = batch if end - start == len(batch) else batch.take(pyarrow.array(range(start, end)))
        yield part if part.schema.equals(schema) else part.cast(schema)


def split_nested_columns(batch: pyarrow.RecordBatch, schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
    """Yield the rows of a batch for ``to_python``, which copies the strings inside lists and structures."""
    return split_batch(batch, batch.schema) if any(kind.num_fields for kind in schema.types) else iter([batch])


def to_python(array: pyarrow.Array) -> Iterator[Any]:
    """Yield Python values of an array, or a ``ValueError`` in the place of a value that Python cannot hold."""
    import pyarrow

    if pyarrow.types.is_dictionary(array.type):  # equal values are one object
        codes, positions = np.unique(array.indices.cast(pyarrow.int64()).fill_null(-1), return_inverse=True)
        codes, has_null = codes[codes >= 0], codes.min(initial=0) < 0
        values = [*[None] * int(has_null), *to_python(array.dictionary.take(pyarrow.array(codes, pyarrow.int64())))]
        yield from map(values.__getitem__, positions.tolist())
        return
    try:
        values = array.to_pylist()
    except Exception:  # of one value: ValueError, OverflowError, unknown time zones, …
        for number in range(len(array)):
            try:
                yield array[number].as_py()
            except Exception as error:
                yield error if isinstance(error, ValueError) else ValueError(str(error))
    else:
        yield from values


def count_row_bytes(batch: pyarrow.RecordBatch) -> np.ndarray:
    """Return the number of bytes of each row, without dictionaries, int64 (rows,)."""
    sizes = np.zeros(len(batch), np.int64)
    for column in batch.columns:
        sizes += _count_bytes(column)
    return sizes


def _count_bytes(array: pyarrow.Array) -> np.ndarray:
    import pyarrow
    import pyarrow.compute

    types, kind = pyarrow.types, array.type
    if isinstance(array, pyarrow.ExtensionArray):
        return _count_bytes(array.storage)
    if types.is_dictionary(kind):
        codes = array.indices.cast(pyarrow.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        return np.asarray(np.append(_count_bytes(array.dictionary), 0)[codes])
    if types.is_struct(kind):
        return sum((_count_bytes(array.field(i)) for i in range(kind.num_fields)), np.zeros(len(array), np.int64))
    if types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        offsets = array.offsets.to_numpy().astype(np.int64)
        entries = (array.keys, array.items) if types.is_map(kind) else (array.values,)
        ends = np.append(0, np.cumsum(np.sum([_count_bytes(entry) for entry in entries], axis=0)))
        return np.asarray(ends[offsets[1:]] - ends[offsets[:-1]])
    try:
        return np.asarray(pyarrow.compute.binary_length(array).fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    except pyarrow.ArrowNotImplementedError:
        return np.full(len(array), 8)  # numbers and times


def _inspect(
    table: pyarrow.parquet.ParquetFile, columns: list[str] | None, batch_size: int, file_size: int
) -> tuple[int, bool]:
    """Return the number of rows of a batch, and whether a dictionary has strings too long for that many rows.

    The first row of each large row group is read: unlike its metadata, Arrow checks the sizes in it.
    """
    metadata, positions = table.metadata, _column_positions(table, columns)
    widths = [metadata.schema.column(position).length or 0 for position in positions]
    limit, max_string_bytes = BATCH_BYTES / max(1, 1, *widths), BATCH_BYTES // batch_size
    is_nested = any(metadata.schema.column(position).max_repetition_level for position in positions)
    if metadata.num_rows > max(_MANY_ROWS, _ABSURD_ROWS * file_size):
        raise InputError(
            f"declares {metadata.num_rows:,} rows in {file_size:,} bytes; nearly all of them must be equal or empty:"
            " write the file again without them"
        )
    has_long_strings = False
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        rows, size = max(1, group.num_rows), max(1, group.total_byte_size)
        if size > _ABSURD_BYTES and size > _ABSURD_RATIO * file_size:
            raise InputError(
                f"row group {number + 1} declares {size:,} bytes, more than {_ABSURD_RATIO} times those of the file;"
                " write the file again with dictionaries, or in row groups of fewer rows"
            )
        limit = min(limit, BATCH_BYTES * rows / size)
        if not is_nested and size <= max_string_bytes:
            continue
        first = next(table.iter_batches(batch_size=1, row_groups=[number], columns=columns), None)
        if first is None:
            continue
        has_long_strings = has_long_strings or any(_find_longest(column) > max_string_bytes for column in first.columns)
        for chunk in map(group.column, positions):
            limit = min(limit, _BATCH_VALUES * rows / max(1, chunk.num_values))
            if "DELTA_BYTE_ARRAY" in chunk.encodings:
                limit = min(limit, max(_DELTA_ROWS, BATCH_BYTES / size))
    return max(1, int(min(batch_size, limit))), has_long_strings


def _column_positions(table: pyarrow.parquet.ParquetFile, columns: list[str] | None) -> list[int]:
    """Return the positions of the leaf columns that are read."""
    schema = table.metadata.schema
    names = [schema.column(position).path for position in range(len(schema))]
    return [i for i, name in enumerate(names) if columns is None or name in columns or name.split(".")[0] in columns]


def _string_columns(table: pyarrow.parquet.ParquetFile, columns: list[str] | None) -> list[str]:
    """Return the paths of the leaf columns that Arrow can read as dictionaries of strings."""
    schema, types = table.metadata.schema, {field.name: field.type for field in table.schema_arrow}
    found = [schema.column(position) for position in _column_positions(table, columns)]
    return [
        column.path
        for column in found
        if column.physical_type == "BYTE_ARRAY"
        and _holds_strings(types.get(column.path) or types.get(column.path.split(".")[0]))
    ]


def _holds_strings(kind: pyarrow.DataType | None) -> bool:
    """Return whether all leaves of a type are of types that Arrow converts from dictionaries."""
    from pyarrow import types

    if kind is None:
        return False
    if kind.num_fields:
        return all(_holds_strings(kind.field(i).type) for i in range(kind.num_fields))
    checks = types.is_string, types.is_large_string, types.is_binary, types.is_large_binary, types.is_primitive
    return any(check(kind) for check in checks)


def _find_longest(array: pyarrow.Array) -> int:
    """Return the number of bytes of the longest string of the dictionaries of an array."""
    from pyarrow import types

    if types.is_dictionary(array.type):
        return int(_count_bytes(array.dictionary).max(initial=0))
    if types.is_struct(array.type):
        return max((_find_longest(array.field(i)) for i in range(array.type.num_fields)), default=0)
    if types.is_map(array.type):
        return max(_find_longest(array.keys), _find_longest(array.items))
    if types.is_list(array.type) or types.is_large_list(array.type):
        return _find_longest(array.values)
    return 0
