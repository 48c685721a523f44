"""The rows of a part as Arrow tables, a piece at a time, with the columns as they stand in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pyarrow

from kerascnn.config import SourceConfig
from kerascnn.data import json_values, readers
from kerascnn.data.records import BadRow, BadRowHandler
from kerascnn.data.sources import read_texts
from kerascnn.scoring.output_columns import BATCH_ROWS


def read(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[pyarrow.Table]:
    """Read a part.

    Args:
        path: CSV, TSV, JSON lines or Parquet, plain or gzipped.
        source: How to read it.
        on_bad_row: Is given the rows that cannot be read.

    Yields:
        The other rows in their order; at least one table, for its columns. Parquet columns keep their types. All
        others are strings, as in a labelled file: the type of JSON values would depend on the part that they stand in,
        and the parts of a folder could not be read as one. JSON null is empty, a key that a line lacks is null.

    Raises:
        InputError: The part is damaged, or has no column for the text.
    """
    if readers.detect_format(path, source) == "parquet":
        return _parquet(path, source, on_bad_row)
    return _strings(path, source, on_bad_row)


def _parquet(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[pyarrow.Table]:
    number = 0
    for batch in readers.read_parquet_batches(path, (source.text_column,), batch_size=BATCH_ROWS):
        good = []
        for value in batch.column(source.text_column).to_pylist():
            number += 1
            if fault := json_values.check_text(value, source.text_column, allow_null=False):
                on_bad_row(BadRow(path, number, fault, json_values.to_text(value)))
            good.append(not fault)
        # without what the file says of itself: Spark and pandas would read our columns by it, and not find them
        table = pyarrow.Table.from_batches([batch]).replace_schema_metadata()
        yield table.filter(pyarrow.array(good, pyarrow.bool_()))


def _strings(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[pyarrow.Table]:
    schema = pyarrow.schema([(name, pyarrow.string()) for name in readers.column_names(path, source)])
    records = read_texts(path, source, on_bad_row=on_bad_row)
    first = True
    while (chunk := list(itertools.islice(records, BATCH_ROWS))) or first:
        yield pyarrow.Table.from_pylist([record.fields for record in chunk], schema)
        first = False
