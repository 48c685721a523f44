"""Write rows as CSV, TSV and JSON lines."""

from __future__ import annotations

import csv
import io

import pytest

from kerascnn.scoring.table_writer import RowWriter, output_format
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
    writer = RowWriter(file, file_format)
    for row in ROWS:
        writer.write(row)
    assert file.getvalue() == expected


@pytest.mark.parametrize("file_format", ["csv", "tsv"])
@pytest.mark.parametrize("cell", ["a\rb", "\r", "a\r\nb", "\n", 'say "a"', " a ", "", "\u2028", "a,b\tc"])
def test_every_cell_survives(file_format, cell):
    rows = [{"text": cell, "label": "x"}, {"text": "1", "label": cell}]
    file = io.StringIO(newline="")
    writer = RowWriter(file, file_format)
    for row in rows:
        writer.write(row)
    file.seek(0)
    assert list(csv.DictReader(file, delimiter="\t" if file_format == "tsv" else ",")) == rows


def test_rejects_new_columns_in_later_rows():
    writer = RowWriter(io.StringIO(), "csv")
    writer.write({"text": "1"})
    with pytest.raises(InputError, match="a row has label, but the first row does not"):
        writer.write({"text": "2", "label": "b"})


def test_formulas_become_text_on_request():
    row = {"text": "=HYPERLINK(1)", "note": "-3", "score": -0.5}
    for safe, expected in ((True, "'=HYPERLINK(1),'-3,-0.5"), (False, "=HYPERLINK(1),-3,-0.5")):
        file = io.StringIO()
        RowWriter(file, "csv", spreadsheet_safe=safe).write(row)
        assert file.getvalue().splitlines()[1] == expected


def test_output_format_follows_suffix():
    assert [output_format(name) for name in ("-", "a.csv", "a.tsv.gz", "b/a.jsonl")] == ["csv", "csv", "tsv", "jsonl"]
    with pytest.raises(InputError, match=r"--output a\.xls: cannot write \.xls"):
        output_format("a.xls")
