"""Write rows as CSV, TSV and JSON lines."""

from __future__ import annotations

import csv
import io

import pytest

from kerascnn.scoring.table_writer import output_format, row_writer
from kerascnn.utils.errors import InputError

ROWS = [{"text": "好,\t1", "label": "a"}, {"text": "2", "label": "b"}]


@pytest.mark.parametrize(
    ("file_format", "expected"),
    [
        ("csv", 'text,label\n"好,\t1",a\n2,b\n'),
        ("tsv", 'text\tlabel\n"好,\t1"\ta\n2\tb\n'),
        ("jsonl", '{"text": "好,\\t1", "label": "a"}\n{"text": "2", "label": "b"}\n'),
    ],
)
def test_writes_rows(file_format, expected):
    file = io.StringIO()
    write = row_writer(file, file_format)
    for row in ROWS:
        write(row)
    assert file.getvalue() == expected


@pytest.mark.parametrize("file_format", ["csv", "tsv"])
@pytest.mark.parametrize("cell", ["a\rb", "\r", "a\r\nb", "\n", 'say "a"', " a ", "", "\u2028", "a,b\tc"])
def test_every_cell_survives(file_format, cell):
    rows = [{"text": cell, "label": "x"}, {"text": "1", "label": cell}]
    file = io.StringIO(newline="")
    write = row_writer(file, file_format)
    for row in rows:
        write(row)
    file.seek(0)
    assert list(csv.DictReader(file, delimiter="\t" if file_format == "tsv" else ",")) == rows


def test_rejects_new_columns_in_later_rows():
    write = row_writer(io.StringIO(), "csv")
    write({"text": "1"})
    with pytest.raises(InputError, match="a row has label, but the first row does not"):
        write({"text": "2", "label": "b"})


def test_output_format_follows_suffix():
    assert [output_format(name) for name in ("-", "a.csv", "a.tsv.gz", "b/a.jsonl")] == ["csv", "csv", "tsv", "jsonl"]
    with pytest.raises(InputError, match=r"--output a\.xls: cannot write \.xls"):
        output_format("a.xls")
