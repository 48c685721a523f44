"""Read the rows of a part as Arrow tables with unchanged columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow

from kerascnn.data import json_values, readers
from kerascnn.data.config import SourceConfig
from kerascnn.data.readers.parquet import describe_value_error
from kerascnn.data.readers.parquet_batches import to_python
from kerascnn.data.records import BadRow, BadRowHandler
from kerascnn.data.sources import read_texts
from kerascnn.scoring.output_columns import BATCH_ROWS


@dataclass
class RowNumbers:
    """Numbers of the rows that have been read, also of those that cannot be read.

    Attributes:
        first: The first one; 0: none has been read.
        last: The last one.
    """

    first: int = 0
    last: int = 0

    def add(self, number: int) -> None:
        """Note that a row has been read."""
        self.first, self.last = min(self.first or number, number), max(self.last, number)


def read_tables(
    path: str,
    source: SourceConfig,
    on_bad_row: BadRowHandler,
    *,
    row_groups: Sequence[int] | None = None,
    numbers: RowNumbers | None = None,
) -> Iterator[pyarrow.Table]:
    """Read the rows of a part, ``BATCH_ROWS`` at a time.

    Args:
        path: CSV, TSV, JSON lines or Parquet file, plain or gzipped.
        source: How to read the file.
        on_bad_row: Called with each row that cannot be read.
        row_groups: Row groups of a Parquet file to read; None: all.
        numbers: Gets the numbers of all rows.

    Yields:
        Tables of the other rows in their order; at least one, even if it is empty. Parquet columns keep their types.
        Columns of other formats are strings, as in labelled data: types of JSON values could differ between the parts
        of a folder, which could then not be read together. JSON null becomes an empty string, a missing key null.

    Raises:
        InputError: The file is damaged or has no text column.
    """
    numbers = numbers or RowNumbers()

    def note_bad_row(bad: BadRow) -> None:
        numbers.add(bad.number)
        on_bad_row(bad)

    if readers.detect_format(path, source) == "parquet":
        return _read_parquet(path, source, note_bad_row, row_groups, numbers)
    return _read_strings(path, source, note_bad_row, numbers)


def _read_parquet(
    path: str, source: SourceConfig, on_bad_row: BadRowHandler, row_groups: Sequence[int] | None, numbers: RowNumbers
) -> Iterator[pyarrow.Table]:
    number = 0
    for batch in readers.read_parquet_batches(path, source, BATCH_ROWS, row_groups):
        is_valid = []
        for value in to_python(batch.column(source.text_column)):
            number += 1
            numbers.add(number)
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


def _read_strings(
    path: str, source: SourceConfig, on_bad_row: BadRowHandler, numbers: RowNumbers
) -> Iterator[pyarrow.Table]:
    # JSON lines have the text column only if a row can be read
    names = dict.fromkeys([*readers.column_names(path, source), source.text_column])
    schema = pyarrow.schema([(name, pyarrow.string()) for name in names])
    records = read_texts(path, source, on_bad_row=on_bad_row)
    first = True
    while (chunk := list(itertools.islice(records, BATCH_ROWS))) or first:
        for record in chunk[:1] + chunk[-1:]:
            numbers.add(record.number)
        yield pyarrow.Table.from_pylist([record.fields for record in chunk], schema)
        first = False
