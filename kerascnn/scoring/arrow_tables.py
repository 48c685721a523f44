"""Read the rows of a part as Arrow tables with unchanged columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pyarrow

from kerascnn.data import json_values, readers
from kerascnn.data.config import SourceConfig
from kerascnn.data.readers.parquet import describe_value_error
from kerascnn.data.readers.parquet_batches import to_python
from kerascnn.data.records import BadRow, BadRowHandler
from kerascnn.data.sources import read_texts
from kerascnn.scoring.output_columns import BATCH_ROWS


def read_tables(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[pyarrow.Table]:
    """Read the rows of a part, ``BATCH_ROWS`` at a time.

    Args:
        path: CSV, TSV, JSON lines or Parquet file, plain or gzipped.
        source: How to read the file.
        on_bad_row: Called with each row that cannot be read.

    Yields:
        Tables of the other rows in their order; at least one, even if it is empty. Parquet columns keep their types.
        Columns of other formats are strings, as in labelled data: types of JSON values could differ between the parts
        of a folder, which could then not be read together. JSON null becomes an empty string, a missing key null.

    Raises:
        InputError: The file is damaged or has no text column.
    """
    if readers.detect_format(path, source) == "parquet":
        return _read_parquet(path, source, on_bad_row)
    return _read_strings(path, source, on_bad_row)


def _read_parquet(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[pyarrow.Table]:
    number = 0
    for batch in readers.read_parquet_batches(path, source, BATCH_ROWS):
        is_valid = []
        for value in to_python(batch.column(source.text_column)):
            number += 1
            if isinstance(value, ValueError):
                fault, value = describe_value_error(value, source.text_column), ""
            else:
                fault = json_values.check_text(value, source.text_column, allow_null=False)
            if fault:
                on_bad_row(BadRow(path, number, fault, json_values.to_text(value)))
            is_valid.append(not fault)
        # Spark and pandas store their own schema in the metadata and would ignore the new columns
        table = pyarrow.Table.from_batches([batch]).replace_schema_metadata()
        yield table.filter(pyarrow.array(is_valid, pyarrow.bool_()))


def _read_strings(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[pyarrow.Table]:
    # JSON lines have the text column only if a row can be read
    names = dict.fromkeys([*readers.column_names(path, source), source.text_column])
    schema = pyarrow.schema([(name, pyarrow.string()) for name in names])
    records = read_texts(path, source, on_bad_row=on_bad_row)
    first = True
    while (chunk := list(itertools.islice(records, BATCH_ROWS))) or first:
        yield pyarrow.Table.from_pylist([record.fields for record in chunk], schema)
        first = False
