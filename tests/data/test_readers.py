"""Every file format gives the same rows, and errors about damaged files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_records, read_rows, read_texts
from tests.data.reading import REAL, content, error, read_pairs
from tests.data.real_text import csv_text


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"])
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
def test_every_format_gives_the_same_rows(write, suffix, zipped):
    data = content(suffix, REAL)
    path = write(f"reviews{suffix}.gz", gzip.compress(data)) if zipped else write(f"reviews{suffix}", data)
    assert read_pairs(path) == REAL


def test_recognizes_gzip_without_extension(write):
    assert read_pairs(write("reviews.csv", gzip.compress(content(".csv", REAL)))) == REAL


def test_jsonl_rows_end_at_newlines_only(write):
    path = write("a.jsonl", '{"text": "one\u2028\u0085two", "label": 1}\n\n{"text": "three", "label": 2}\n')
    assert [(r.number, r.text, r.label) for r in read_rows([path], SourceConfig())] == [
        (1, "one\u2028\u0085two", "1"),
        (3, "three", "2"),
    ]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_reads_document_of_a_megabyte(write, chinese_reviews, suffix):
    words = " ".join(text for text, _ in chinese_reviews)
    document = (words * (1_000_000 // len(words) + 1))[:1_000_000]
    rows = [(document, "long"), ("短", "short")]
    assert read_pairs(write(f"long{suffix}", content(suffix, rows))) == rows


def test_keeps_other_columns_for_prediction(write):
    path = write("a.csv", csv_text([("1", "Good film.", "x, y"), ("2", "好书", "z")], header=("id", "text", "note")))
    assert [record.fields for record in read_texts(path, SourceConfig())] == [
        {"id": "1", "text": "Good film.", "note": "x, y"},
        {"id": "2", "text": "好书", "note": "z"},
    ]
    path = write("a.jsonl", '{"text": "Good film.", "id": 7, "tags": ["旧", "x"], "when": null}\n')
    assert next(read_records(path, SourceConfig())).fields == {
        "text": "Good film.",
        "id": "7",
        "tags": '["旧", "x"]',
        "when": "",
    }


def test_reads_other_column_names(write):
    path = write("a.csv", csv_text(REAL, header=("content", "sentiment")))
    assert read_pairs(path, text_column="content", label_column="sentiment") == REAL


def test_format_setting_overrides_file_name(write):
    assert read_pairs(write("reviews.data", content(".jsonl", REAL)), format="jsonl") == REAL


def test_labels_may_be_whole_numbers_and_are_stripped(write):
    path = write("a.jsonl", "".join(f'{{"text": "t", "label": {x}}}\n' for x in ("3", "3.0", '" 3 "', "true", "-1")))
    assert [label for _, label in read_pairs(path)] == ["3", "3", "3", "true", "-1"]
    table = pyarrow.table({"text": ["a", "b", None], "label": pyarrow.array([0, None, 2])})
    pyarrow.parquet.write_table(table, path := path.replace(".jsonl", ".parquet"))
    assert read_pairs(path) == [("a", "0"), ("b", ""), ("", "2")]


def test_replaces_lone_surrogates_in_json_text(write):
    path = write("a.jsonl", r'{"text": "cut \ud83d", "label": "a"}' + "\n" + r'{"text": "\ud83d\ude00", "label": "b"}')
    texts = [text for text, _ in read_pairs(path)]
    assert texts == ["cut \ufffd", "😀"]


def test_plain_text_has_one_text_per_line(write):
    path = write("in.txt", "Good film.\r\n\r\n好书\n")
    assert [(r.number, r.fields) for r in read_texts(path, SourceConfig())] == [
        (1, {"text": "Good film."}),
        (2, {"text": ""}),
        (3, {"text": "好书"}),
    ]


@pytest.mark.parametrize(
    ("settings", "data"),
    [
        ({}, "Good film.\n好书\n".encode()),
        ({"encoding": "gb18030"}, "Good film.\n好书\n".encode("gb18030")),
        ({}, gzip.compress("Good film.\n好书\n".encode())),
        ({"format": "csv"}, "id,text\n1,Good film.\n2,好书\n".encode()),
        ({"format": "jsonl"}, '{"text": "Good film."}\n{"text": "好书"}\n'.encode()),
    ],
    ids=["utf-8", "gb18030", "gzip", "csv", "jsonl"],
)
def test_reads_standard_input_in_any_format_and_keeps_it_open(monkeypatch, settings, data):
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data)))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert [record.fields["text"] for record in read_texts("-", SourceConfig(**settings))] == ["Good film.", "好书"]
    assert not stdin.buffer.closed


def test_yields_records_before_end_of_file(write):
    path = write("a.csv", "text,label\n" + "fine,a\n" * 100_000 + 'never closed,"b\n')
    records = read_records(path, SourceConfig())
    assert next(records).number == 2


def test_replaces_nul_characters_for_prediction(write):
    path = write("a.csv", b"text,id\ngood\0film,1\n")
    assert next(read_texts(path, SourceConfig())).fields == {"text": "good film", "id": "1"}


# Damaged files and their messages.


def test_missing_column_error_lists_columns_and_option(write):
    message = error(write("a.csv", csv_text(REAL, header=("texts", "stars"))))
    assert "a.csv" in message
    assert "no column 'text', there are 'texts', 'stars'; did you mean 'texts'?" in message
    assert "--text-column" in message
    message = error(write("a.csv", csv_text(REAL, header=("text", "lable"))))
    assert "did you mean 'lable'?" in message
    assert "--label-column" in message
    message = error(write("a.parquet", content(".parquet", REAL)), text_column="txt")
    assert "no column 'txt', there are 'text', 'label'; did you mean 'text'?" in message


def test_unlabelled_file_is_for_prediction_only(write):
    path = write("a.csv", "text\nGood film.\n")
    assert next(read_texts(path, SourceConfig())).fields == {"text": "Good film."}
    assert "no column 'label'" in error(path)
    assert "without labels" in error(write("a.txt", "Good film.\n"))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.csv.gz"])
def test_rejects_empty_file(write, name):
    message = error(write(name, gzip.compress(b"") if name.endswith(".gz") else b""))
    assert name in message
    assert "Parquet" in message if name.endswith("parquet") else "empty" in message


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet"])
def test_rejects_header_without_rows(write, name):
    message = error(write(name, content(name[1:], [])))
    assert name in message
    assert "no rows" in message


@pytest.mark.parametrize("name", ["a\0b.csv", "\ud800.csv", "x" * 5000 + "/a.csv", "/proc/self/mem"])
def test_name_that_no_file_can_have_is_an_error(name):
    assert error(name, format="csv")


LARGE_ROWS = {
    "a.csv": ("text,label\nfine,a\n" + "x" * 2000 + ",b\n", "a.csv, line 3: more than 1,000 bytes"),
    "b.csv": ("text,label\nfine,a\n" + "x" * 2000, "b.csv, line 3: more than 1,000 bytes"),
    "c.csv": ("text,label\nfine,a\n" + "é" * 501 + ",b\n", "c.csv, line 3: more than 1,000 bytes"),
    "quote.csv": ('text,label\nfine,a\n"' + "x,y\n" * 300, "quote.csv, row 3: more than 1,000 bytes"),
    "a.tsv": ("x" * 2000 + "\tlabel\n", "a.tsv, line 1: more than 1,000 bytes"),
    "a.jsonl": ('{"text": "a", "label": "b"}\n{"text": "' + "x" * 2000 + '"}\n', "a.jsonl, line 2: more than 1,000"),
    "folder/a/a.txt": ("x\n" * 2000, "a.txt: more than 1,000 bytes"),
    "a.parquet": (content(".parquet", [("fine", "a"), ("x" * 2000, "b")]), "row 2: 2,001 bytes, more than 1,000 bytes"),
}


@pytest.mark.parametrize("name", LARGE_ROWS)
def test_row_over_the_limit_names_file_size_and_remedy(write, name):
    data, message = LARGE_ROWS[name]
    path = write(name, data)
    found = error(path.removesuffix("/a/a.txt"), max_row_bytes=1000)
    assert message in found and "source.max_row_bytes" in found


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_rows_up_to_the_limit_are_read_in_any_number(write, suffix):
    rows = [("é" * 450, str(number % 2)) for number in range(50)]
    assert read_pairs(write(f"a{suffix}", content(suffix, rows)), max_row_bytes=1000) == rows


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (b"PK\x03\x04\x14", "an Excel workbook or a zip archive; save it as CSV UTF-8"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "an old Excel workbook; save it as CSV UTF-8"),
        (content(".parquet", REAL), "a Parquet file; rename it"),
        (bz2.compress(csv_text(REAL).encode()), "compressed with bzip2"),
        (lzma.compress(csv_text(REAL).encode()), "compressed with xz"),
        (gzip.compress(gzip.compress(csv_text(REAL).encode())), "compressed with gzip twice"),
        (b"<!DOCTYPE html>\n<html></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\n", "a pointer of Git LFS"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_other_kinds_of_files_are_named_with_their_remedy(write, data, remedy, name):
    assert f"{name} is {remedy}" in error(write(name, data))
    assert f"{name} is {remedy}" in error(write(name, data), encoding="latin-1")


def test_web_pages_of_a_folder_are_texts(write):
    page = "<!DOCTYPE html>\n<html>Good film.</html>"
    path = write("pages/a/1.html", page)
    assert read_pairs(path.removesuffix("/a/1.html")) == [(page, "a")]
    assert next(read_texts(write("a.txt", page), SourceConfig())).fields["text"] == "<!DOCTYPE html>"


def test_object_of_several_lines_names_the_remedy(write):
    assert "lines=True" in error(write("a.json", '{\n"text": "a"\n}'))


@pytest.mark.parametrize("separator", [",", ",\n"])
def test_array_of_objects_is_read(write, separator):
    rows = '{"text": "a", "label": "b"}', '{"text": "c", "label": "d"}'
    assert read_pairs(write("a.json", f"[{separator.join(rows)}]")) == [("a", "b"), ("c", "d")]
    assert "row 2: no column 'label'" in error(write("b.json", f'[{rows[0]}{separator}{{"text": "c"}}]'))


def test_rejects_spreadsheet(write):
    assert "save it as CSV UTF-8" in error(write("a.xlsx", b"PK"))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_truncated_gzip_file_is_named_in_error(write, suffix):
    data = content(suffix, [(f"{text} {number}", label) for number in range(500) for text, label in REAL])
    message = error(write(f"a{suffix}.gz", gzip.compress(data)[:-2000]))
    assert f"a{suffix}.gz, row " in message
    assert "damaged" in message


def test_rejects_plain_file_named_gz(write):
    assert "damaged gzip data" in error(write("a.csv.gz", content(".csv", REAL)))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"text": "a", "label": "b"', "not JSON"),
        ("text,label", "not JSON"),
        ('["a", "b"]', "this is a list"),
        ('{"text": "a"}', "no column 'label', there are 'text'"),
        ('{"label": "a"}', "no column 'text'"),
        ('{"text": 5, "label": "a"}', "'text' is 5 (int), not a string"),
        ('{"text": ["a", "b"], "label": "a"}', "(list), not a string"),
        ('{"text": "a", "label": ["b", null]}', "'label' contains None (NoneType); a label is a string"),
        ('{"text": "a", "label": [["b"], ["c"]]}', "'label' contains ['b'] (list)"),
        ('{"text": "a", "label": {"b": 1}}', "(dict), not a label; write a string"),
    ],
)
def test_bad_json_line_is_named_in_error(write, line, complaint):
    message = error(write("a.jsonl", '{"text": "fine", "label": "x"}\n\n' + line + "\n"))
    assert "a.jsonl, row 3: " in message
    assert complaint in message


def test_json_object_with_two_values_of_one_name_is_an_error(write):
    lines = '{"text": "a", "label": "x", "note": {"b": 1, "b": 2}}\n{"text": "a", "label": "x", "text": "b"}\n'
    assert "row 2: two values are named 'text'" in error(write("a.jsonl", lines))


def test_unknown_extension_error_lists_known_ones(write):
    message = error(write("a.docx", b"PK"))
    assert "'.docx'" in message
    assert ".parquet" in message
    assert "--source.format" in message
    assert "no file extension" in error(write("a", b"PK"))
