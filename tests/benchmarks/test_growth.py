"""The benchmark of training time against the number of documents and words."""

import csv
import re

import pytest

from benchmarks import growth
from tests.benchmarks.conftest import command
from tests.pipelines.conftest import ROOT


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table_of_the_documentation_matches_the_results(tmp_path):
    copy = tmp_path / "page.md"
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    copy.write_text(re.sub(r"(<!-- growth -->\n).*?(<!-- end -->)", r"\1\2", text, flags=re.DOTALL), encoding="utf-8")
    assert copy.read_text(encoding="utf-8") != text
    finished = command("table", ROOT / "benchmarks" / "results" / "growth.csv", "--readme", copy)
    assert finished.status == 0, finished.err
    assert copy.read_text(encoding="utf-8") == text


def test_table_has_microseconds_per_document(tmp_path):
    rows = "1000,20000,0,0.5,10,700,12\n11000,20000,0,1.5,12,800,22\n1000,200000,0,0.6,10,900,"
    (tmp_path / "growth.csv").write_text(f"{','.join(growth.COLUMNS)}\n{rows}\n", encoding="utf-8")
    finished = command("table", tmp_path / "growth.csv")
    assert finished.status == 0, finished.err
    assert finished.out.splitlines()[-3:] == [
        "| 1,000 | 20,000 | 500 |  | 10,000 | 10 | 12,000 | 700 |",
        "| 11,000 | 20,000 | 136 | 100 | 1,091 | 12 | 2,000 | 800 |",
        "| 1,000 | 200,000 | 600 |  | 10,000 | 10 |  | 900 |",
    ]


@pytest.mark.full
def test_trains_on_the_given_number_of_documents(tmp_path):
    path = tmp_path / "growth.csv"
    finished = command("growth", "--documents", 1000, "--vocabulary", 300, "--output", path)
    assert finished.status == 0, finished.err
    (row,) = read_rows(path)
    assert (row["documents"], row["vocabulary"]) == ("1000", "300")
    assert float(row["total_seconds"]) > float(row["seconds"]) > 0
