"""Parquet files with values that Python cannot hold, and damaged ones."""

from __future__ import annotations

import datetime
import gzip
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.readers import parquet
from kerascnn.data.sources import read_records
from kerascnn.utils.errors import InputError
from tests.data.reading import REAL, content, error


def test_damaged_parquet_file_is_named_in_error(write):
    whole = content(".parquet", REAL)
    assert "a.parquet, row 1: damaged Parquet file" in error(write("a.parquet", whole[:-20]))
    assert "damaged Parquet file" in error(write("a.parquet", b"text,label\na,b\n"))
    table = pyarrow.table({"text": [1.5], "label": ["a"]})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    assert "'text' is 1.5 (float), not a string" in error(write("a.parquet", sink.getvalue()))


def write_table(path, columns, **options):
    table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns)
    pyarrow.parquet.write_table(table, path, **options)
    return path


def broken_strings():
    """Return an array of strings of which the first is not UTF-8."""
    buffers = [None, pyarrow.py_buffer(np.array([0, 2, 4], np.int32)), pyarrow.py_buffer(b"\xff\xfeok")]
    return pyarrow.Array.from_buffers(pyarrow.string(), 2, buffers)


UNREADABLE = {
    "text": lambda: broken_strings(),
    "label": lambda: broken_strings(),
    "list": lambda: pyarrow.ListArray.from_arrays([0, 1, 2], broken_strings()),
    "structure": lambda: pyarrow.StructArray.from_arrays([broken_strings()], ["a"]),
    "date": lambda: pyarrow.array([10**8, 1], pyarrow.date32()),
    "time": lambda: pyarrow.array([2**62, 1], pyarrow.timestamp("ms")),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"store_schema": False}], ids=str)
def test_parquet_value_that_python_cannot_hold_costs_one_row(tmp_path, name, options):
    columns = {"text": ["a", "b"], "label": ["x", "y"], name: UNREADABLE[name]()}
    path, bad = write_table(str(tmp_path / "a.parquet"), columns, **options), []
    records = list(read_records(path, SourceConfig(), on_bad_row=bad.append))
    assert [record.number for record in records] == [2]
    assert [row.number for row in bad] == [1] and f"{name!r} cannot be read" in bad[0].reason
    with pytest.raises(InputError, match=r"a\.parquet, row 1: .* cannot be read"):
        list(read_records(path, SourceConfig()))


def test_parquet_values_of_other_types_are_written_as_python_writes_them(tmp_path):
    columns = {"text": ["a"], "date": [datetime.date(2024, 2, 29)], "number": [Decimal("1.50")], "tags": [["x", "ÿ"]]}
    [record] = read_records(write_table(str(tmp_path / "a.parquet"), columns), SourceConfig())
    assert record.fields == {"text": "a", "date": "2024-02-29", "number": "1.50", "tags": '["x", "ÿ"]'}


def test_parquet_columns_of_one_name_or_without_utf8_are_named(tmp_path):
    path, values = str(tmp_path / "a.parquet"), pyarrow.array(["a"])
    write_table(path, pyarrow.Table.from_arrays([values] * 3, ["text", "label", "text"]))
    assert "two columns are named 'text'" in error(path)
    write_table(path, {"text": values, "label": values, "another": values}, store_schema=False)
    Path(path).write_bytes(Path(path).read_bytes().replace(b"another", b"anoth\xffr"))
    assert "a.parquet, row 1: damaged Parquet file" in error(path)


@pytest.mark.parametrize("data", [b"text,label\na,b\n", b"\0" * 10_000])
def test_gzip_file_that_is_not_parquet_is_not_unpacked(write, data):
    assert "does not start with PAR1" in error(write("a.parquet.gz", gzip.compress(data)))


def test_gzipped_parquet_that_expands_too_much_is_refused(write, monkeypatch):
    monkeypatch.setattr(parquet, "_MIN_UNPACKED_BYTES", 10_000)
    monkeypatch.setattr(parquet, "_COPY_BYTES", 1000)
    assert "too many for its size" in error(write("a.parquet.gz", gzip.compress(b"PAR1" + b"\0" * 100_000)))
