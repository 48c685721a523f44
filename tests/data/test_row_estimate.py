"""Number of rows of a file, for progress bars."""

import gzip

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.row_estimate import estimate_rows


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.csv", b"text,label\ngood,p\nbad,n\n", 2),
        ("a.tsv", b"text\tlabel\ngood\tp\nbad\tn", 2),
        ("a.jsonl", b'{"text": "good"}\n', 1),
        ("a.txt", b"good\nbad\n", 2),
        ("a.txt", b"", 0),
        ("a.csv", b"", 0),
        ("a.csv", gzip.compress(b"text\ngood\n"), None),
    ],
)
def test_rows_of_text_are_counted_by_lines(tmp_path, name, content, rows):
    (tmp_path / name).write_bytes(content)
    assert estimate_rows(str(tmp_path / name), SourceConfig()) == rows


def test_lines_are_counted_over_all_pieces_of_a_file_without_a_header(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a text of some words,p\n" * 100_000)
    source = SourceConfig(column_names=("text", "label"))
    assert estimate_rows(str(tmp_path / "a.csv"), source) == 100_000


def test_parquet_holds_the_number_and_other_inputs_have_none(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"text": ["good", "bad"]}), tmp_path / "a.parquet")
    assert estimate_rows(str(tmp_path / "a.parquet"), SourceConfig()) == 2
    assert estimate_rows("-", SourceConfig()) is None
