"""Every file format gives the same rows, and errors about damaged files."""

from __future__ import annotations

import bz2
import datetime
import encodings.aliases
import gzip
import io
import json
import lzma
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.audit.audit import quick_audit
from kerascnn.config import default_config
from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import guess_encoding
from kerascnn.data.readers import parquet
from kerascnn.data.records import location
from kerascnn.data.sources import read_records, read_rows, read_texts
from kerascnn.data.splits import load_splits
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text

REAL = ENGLISH + CHINESE


def read_pairs(path: str, **settings: object) -> list[tuple[str, str]]:
    return [(row.text, row.label) for row in read_rows([path], SourceConfig(**settings))]


def error(path: str, **settings: object) -> str:
    with pytest.raises(InputError) as caught:
        read_pairs(path, **settings)
    message = str(caught.value)
    assert "\n" not in message
    return message


def content(suffix: str, rows: list[tuple[str, str]]) -> bytes:
    if suffix == ".parquet":
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({"text": [t for t, _ in rows], "label": [x for _, x in rows]}), sink)
        return sink.getvalue()
    if suffix in (".jsonl", ".ndjson", ".json"):
        return "".join(json.dumps({"text": t, "label": x}, ensure_ascii=False) + "\n" for t, x in rows).encode()
    return csv_text(rows, delimiter="\t" if suffix == ".tsv" else ",").encode()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet"])
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gz"])
def test_every_format_gives_the_same_rows(write, suffix, zipped):
    data = content(suffix, REAL)
    path = write(f"reviews{suffix}.gz", gzip.compress(data)) if zipped else write(f"reviews{suffix}", data)
    assert read_pairs(path) == REAL


def test_recognizes_gzip_without_extension(write):
    assert read_pairs(write("reviews.csv", gzip.compress(content(".csv", REAL)))) == REAL


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_reads_encoding_that_was_written(write, chinese_reviews, encoding):
    path = write("reviews.csv", csv_text(chinese_reviews), encoding)
    assert read_pairs(path, encoding="utf-8" if encoding == "utf-8-sig" else encoding) == chinese_reviews


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_byte_order_mark_is_not_part_of_first_column(write, suffix):
    path = write(f"bom{suffix}", b"\xef\xbb\xbf" + content(suffix, REAL))
    assert read_pairs(path) == REAL
    assert read_pairs(path, encoding="UTF8") == REAL


def test_csv_rows_are_numbered_as_in_a_spreadsheet_beside_their_lines(write):
    path = write("a.csv", 'text,label\r\n"one\r\ntwo\r\nthree",a\r\n\r\n"four, ""five""",b\r\nsix,a\r\n')
    rows = list(read_rows([path], SourceConfig()))
    assert [(row.number, row.line) for row in rows] == [(2, 2), (4, 6), (5, 7)]
    assert [row.text for row in rows] == ["one\r\ntwo\r\nthree", 'four, "five"', "six"]
    assert [location(row) for row in rows[:2]] == [f"{path}, row 2", f"{path}, row 4 (line 6)"]


@pytest.mark.parametrize(("start", "row", "line"), [("\n \n", 4, 4), ("sep=,\n", 2, 3), ("\nsep=,\n", 3, 4)])
def test_rows_before_the_header_are_counted_as_a_spreadsheet_does(write, start, row, line):
    [first, _] = read_rows([write("a.csv", f"{start}text,label\none,a\ntwo,b\n")], SourceConfig())
    assert (first.number, first.line) == (row, line)


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


@pytest.mark.parametrize(
    ("encoding", "remedy"),
    [("gb18030", "gb18030"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_wrong_encoding_error_names_row_byte_and_right_encoding(write, chinese_reviews, encoding, remedy):
    good = [(f"Line {number} is ASCII and long enough to fill many buffers.", "a") for number in range(2, 1001)]
    text = REAL[2][0] if encoding == "cp1252" else chinese_reviews[0][0]
    row = 1 if encoding == "utf-16" else 1001
    path = write("a.csv", csv_text([*good, (text, "b"), *good]), encoding)
    message = error(path)
    assert f"a.csv, row {row}: byte 0x" in message
    assert "is not utf-8" in message
    assert f"--source.encoding {remedy}" in message
    assert read_pairs(path, encoding=remedy)[999] == (text, "b")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "これは日本語のテキストです。とても良い本でした。"),
        ("cp949", "이것은 한국어 텍스트입니다. 아주 좋은 책이었습니다."),
        ("big5", "酒店位置很好，服務員態度也不錯。房間太小，空調壞了，再也不來了！"),
        ("cp1251", "Привет, как дела? Всё хорошо. Сегодня мы пойдём в парк, потом в кино."),
        ("cp1253", "Καλημέρα, πώς είσαι σήμερα; Ελπίζω όλα καλά."),
    ],
)
def test_wrong_encoding_error_suggests_other_common_encodings(write, encoding, text):
    path = write("a.csv", csv_text([*ENGLISH[:2], (text, "x"), *ENGLISH[:2]] * 20), encoding)
    assert f"try --source.encoding {encoding}" in error(path)
    assert (text, "x") in read_pairs(path, encoding=encoding)


@pytest.mark.parametrize("cut", range(3))
def test_guesses_encoding_of_long_line_that_is_cut_inside_a_character(cut):
    data = ("x" * 10_000 + CHINESE[0][0] * 10_000).encode("gb18030")
    assert guess_encoding(data[: len(data) - cut], excluded="utf-8") == "gb18030"


def test_suggests_utf8_for_utf8_file(write):
    message = error(write("a.csv", csv_text(REAL)), encoding="ascii")
    assert "row 5: byte 0xc3 is not ascii" in message
    assert "--source.encoding utf-8" in message


@pytest.mark.parametrize("written", ["utf-8", "utf-16-le"])
def test_utf16_without_byte_order_mark_needs_exact_name(write, written):
    message = error(write("a.csv", csv_text(REAL), written), encoding="utf-16")
    assert "a.csv is not utf-16" in message
    assert "utf-8 or utf-16-le" in message


def test_binary_data_error_names_encoding_option(write):
    assert "--source.encoding NAME" in error(write("a.csv", b"text,label\n" + bytes(range(0x80, 0x100)) + b",a\n"))


@pytest.mark.parametrize(
    "encoding",
    ["utf-9", "hex", "rot13", "idna", "punycode", "undefined", "utf-7", "unicode_escape", "a\0b", "\ud800", ""],
)
def test_unknown_encoding_is_named_in_error(write, encoding):
    message = error(write("a.csv", csv_text(REAL)), encoding=encoding)
    assert f"encoding: {encoding!r} is not a text encoding of files" in message


def test_reads_every_text_encoding_of_python(write):
    rows = [("Good film.", "a"), ("Bad, bad film.", "b")]
    for encoding in sorted({*encodings.aliases.aliases.values(), "utf-8-sig", "utf-16-le", "cp65001"}):
        try:
            SourceConfig(encoding=encoding)
        except InputError:
            continue
        assert read_pairs(write("a.csv", csv_text(rows), encoding), encoding=encoding) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "U8", "utf-8-sig", "utf-16-le", "utf-32-be", "gb18030"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".txt"])
def test_byte_order_mark_costs_nothing_in_any_encoding(write, suffix, encoding):
    text = "Good film.\n" if suffix == ".txt" else content(suffix, REAL).decode()
    path = write(f"a{suffix}", "\ufeff" + text, encoding)
    found = [record.fields["text"] for record in read_texts(path, SourceConfig(encoding=encoding))]
    assert found == (["Good film."] if suffix == ".txt" else [text for text, _ in REAL])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_byte_order_mark_of_utf8_contradicts_another_encoding(write, suffix):
    path = write(f"a{suffix}", b"\xef\xbb\xbf" + content(suffix, REAL))
    assert "try --source.encoding utf-8" in error(path, encoding="latin-1")


@pytest.mark.parametrize("name", ["a\0b.csv", "\ud800.csv", "x" * 5000 + "/a.csv", "/proc/self/mem"])
def test_name_that_no_file_can_have_is_an_error(name):
    assert error(name, format="csv")


LARGE_ROWS = {
    "a.csv": ("text,label\nfine,a\n" + "x" * 2000 + ",b\n", "a.csv, line 3: more than 1,000 bytes"),
    "b.csv": ("text,label\nfine,a\n" + "x" * 2000, "b.csv, line 3: more than 1,000 bytes"),
    "c.csv": ("text,label\nfine,a\n" + "é" * 501 + ",b\n", "c.csv, line 3: more than 1,000 bytes"),
    "quote.csv": ('text,label\nfine,a\n"' + "x,y\n" * 300, "quote.csv, row 3: broken quoting (the row has more"),
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


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_broken_quoting_error_names_row_of_opening_quote(write, suffix):
    tab = "\t" if suffix == ".tsv" else ","
    never_closed = f'text{tab}label\nfine{tab}a\n"multi\nline"{tab}b\n"never closed{tab}a\nmore{tab}b\n'
    assert f"a{suffix}, row 4 (line 5): broken quoting" in error(write(f"a{suffix}", never_closed))
    inside = f'text{tab}label\nfine{tab}a\n"he said "no" twice"{tab}b\n'
    assert f"a{suffix}, row 3: broken quoting" in error(write(f"a{suffix}", inside))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_header_of_a_second_file_is_no_row(write, mark):
    path, bad = write("a.csv", f"text,label\none,a\n{mark}text,label\ntwo,b\n"), []
    assert "a.csv, row 3: repeats the header" in error(path)
    records = list(read_texts(path, SourceConfig(), on_bad_row=bad.append))
    assert [record.fields["text"] for record in records] == ["one", "two"] and [row.number for row in bad] == [3]
    texts = [record.fields["text"] for record in read_texts(write("b.csv", "text\none\ntext\n"), SourceConfig())]
    assert texts == ["one", "text"]


def test_rejects_comma_outside_quotes(write):
    message = error(write("a.csv", "text,label\nGood film.,a\nBad, bad film.,b\n"))
    assert "a.csv, row 3: 3 fields, but the header has 2" in message
    assert "row 2: 1 field," in error(write("a.csv", "text,label\nno label at all\n"))


DIALECTS = {
    "semicolons": ("a.csv", 'text;label\nGood, fine;a\n"Bad; poor";b\n', {}),
    "quoted line of Excel": ("a.csv", '"sep=;"\r\ntext;label\r\nGood, fine;a\r\n"Bad; poor";b\r\n', {}),
    "line of Excel": ("a.csv", '\ufeffsep=;\r\ntext;label\r\nGood, fine;a\r\n"Bad; poor";b\r\n', {}),
    "tabs in .csv": ("a.csv", "text\tlabel\nGood, fine\ta\nBad; poor\tb\n", {}),
    "commas in .tsv": ("a.tsv", 'text,label\n"Good, fine",a\nBad; poor,b\n', {}),
    "vertical bars": ("a.csv", "id|label|text\n1|a|Good, fine\n2|b|Bad; poor\n", {}),
    "quoted header": ("a.csv", '"text";"label"\n"Good, fine";"a"\n"Bad; poor";"b"\n', {}),
    "spaces after commas": ("a.csv", 'text, label\n"Good, fine", a\n"Bad; poor", "b"\n', {}),
    "spaces before quotes": ("a.csv", 'text,label\n"Good, fine", "a"\n"Bad; poor", "b"\n', {}),
    "spaces before quotes of labels": ("a.csv", 'text;label\nGood, fine; "a"\n"Bad; poor"; "b"\n', {}),
    "columns without names that are left out": ("a.csv", 'label,text,,\na,"Good, fine"\nb,Bad; poor,\n', {}),
    "columns without names": ("a.csv", 'label,text,,,\na,"Good, fine",,,\nb,Bad; poor,,,\n', {}),
    "no header": ("a.csv", 'a,"Good, fine"\nb,Bad; poor\n', {"column_names": ("label", "text")}),
    "no header, semicolons": (
        "a.csv",
        'a;Good, fine\nb;"Bad; poor"\n',
        {"column_names": ("label", "text"), "delimiter": ";"},
    ),
    "other delimiter": ("a.csv", "text^label\nGood, fine^a\nBad; poor^b\n", {"delimiter": "^"}),
    "tab by name": ("a.csv", "text\tlabel\nGood, fine\ta\nBad; poor\tb\n", {"delimiter": "tab"}),
}


@pytest.mark.parametrize("case", DIALECTS)
def test_reads_dialects_of_csv(write, case):
    name, text, settings = DIALECTS[case]
    assert read_pairs(write(name, text), **settings) == [("Good, fine", "a"), ("Bad; poor", "b")]


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_finds_delimiter_of_all_rows_without_header(write, suffix):
    path = write(f"a{suffix}", "1;Hello, world\n2;Bye\n3;Good, fine\n")
    expected = [("Hello, world", "1"), ("Bye", "2"), ("Good, fine", "3")]
    assert read_pairs(path, column_names=("label", "text")) == expected


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_quotes_are_text_on_request(write, suffix):
    mark = "\t" if suffix == ".tsv" else ","
    rows = [('"Good start', "a"), ('and good end"', "b"), ('a "quoted" word', "a"), ('"one" word', "b")]
    path = write(f"a{suffix}", "".join(f"{text}{mark}{label}\n" for text, label in [("text", "label"), *rows]))
    assert "--source.quoting none" in error(path)
    assert read_pairs(path, quoting="none") == rows


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_rows_inside_a_text_are_found(write, suffix):
    """Both readings follow RFC 4180: only the labels show that the quotes are part of the texts."""
    mark = "\t" if suffix == ".tsv" else ","
    lines = [
        f"text{mark}label",
        f'"Good start{mark}a',
        f'and good end"{mark}b',
        *[f"text {i}{mark}{'ab'[i % 2]}" for i in range(40)],
    ]
    source = SourceConfig(test_fraction=0, quoting="standard")
    splits = load_splits([write(f"a{suffix}", "\n".join(lines))], [], [], source)
    issues = quick_audit(splits, default_config("bow"))
    assert any(issue.kind == "swallowed_row" and "quoting none" in issue.suggestion for issue in issues)


@pytest.mark.parametrize("mark", ["\t", ",", ";"], ids=["tab", "comma", "semicolon"])
@pytest.mark.parametrize("header", ["text label", "label text", "id text label", "text label id"])
def test_quote_that_joins_rows_is_an_error(write, header, mark):
    rows = [('"Good start', "a"), ("middle", "b"), ('and good end"', "b"), ("text", "a"), ("more text", "b")]
    names = header.split()
    lines = [mark.join({"text": text, "label": label, "id": "7"}[name] for name in names) for text, label in rows]
    path, bad = write("a.tsv", "\n".join([mark.join(names), *lines, ""])), []
    assert "a.tsv, row 2: a quote joins 3 lines that look like rows" in error(path)
    assert "--source.quoting none" in error(path)
    assert read_pairs(path, quoting="none") == rows
    assert len(read_pairs(path, quoting="standard")) == len(rows) - 2
    texts = [record.fields["text"] for record in read_texts(path, SourceConfig(), on_bad_row=bad.append)]
    assert texts == [text for text, _ in rows[1:]] and [row.raw for row in bad] == [lines[0] + "\n"]


def test_texts_of_several_lines_with_delimiters_are_rows(write):
    rows = [("Hello, all\nbye", "a"), ("No, b\nc, a", "b"), ("one, two\nthree", "a"), ("x\ny, z", "b")]
    assert read_pairs(write("a.csv", csv_text(rows))) == rows
    assert read_pairs(write("b.csv", csv_text([(b, a) for a, b in rows], header=("label", "text")))) == rows


def test_text_of_several_lines_is_one_row_of_tsv(write):
    rows = [("one\ntwo", "a"), ("one\ttwo\nthree", "b"), ("three\n\nfour\tfive", "a"), ("five\tsix\nseven\teight", "b")]
    assert read_pairs(write("a.tsv", csv_text(rows, delimiter="\t"))) == rows
    numbered = [(str(number), text) for number, (text, _) in enumerate(rows)]
    path = write("b.tsv", csv_text(numbered, header=("id", "text"), delimiter="\t"))
    assert [record.fields["text"] for record in read_texts(path, SourceConfig())] == [text for text, _ in rows]


@pytest.mark.parametrize(
    ("text", "settings", "remedy"),
    [
        ("words;class\na;b\n", {}, "the header has one column, 'words;class'; if a semicolon separates"),
        ("text;label\na;b\n", {"text_column": "text;label"}, "add --source.delimiter ';'"),
        ("words\tclass\na\tb\n", {}, "add --source.delimiter tab"),
        ("good film,a\nbad film,b\n", {}, "--source.column-names"),
        ("text,label\na,b\n", {"column_names": ("text", "label")}, "row 1: has the names of the columns; leave out"),
        ("a,b,c\n", {"column_names": ("text", "label")}, "3 fields, but the header has 2"),
        ("1;Hello, world\n2;Good, bye\n", {"column_names": ("label", "text")}, "by a comma and a semicolon; give"),
    ],
)
def test_error_about_header_names_the_remedy(write, text, settings, remedy):
    assert remedy in error(write("a.csv", text), **settings)


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


@pytest.mark.parametrize("text", ['[{"text": "a", "label": "b"},\n{"text": "c"}]', '{\n"text": "a"\n}', "[\n]"])
def test_json_of_several_lines_names_the_remedy(write, text):
    assert "lines=True" in error(write("a.json", text))


def test_rejects_spreadsheet(write):
    assert "save it as CSV UTF-8" in error(write("a.xlsx", b"PK"))


@pytest.mark.parametrize("delimiter", ["::", '"', "\n"])
def test_rejects_delimiter_that_csv_cannot_have(delimiter):
    with pytest.raises(InputError, match="delimiter: "):
        SourceConfig(delimiter=delimiter)


def test_rejects_repeated_column_name(write):
    assert "two columns are named 'text'" in error(write("a.csv", "text,label,text\na,b,c\n"))


@pytest.mark.parametrize("rows", [REAL, ENGLISH[:1]], ids=["accents and Chinese", "ASCII only"])
def test_recognizes_utf16_without_byte_order_mark(write, rows):
    path = write("a.csv", csv_text(rows), "utf-16-le")
    assert "utf-16-le" in error(path)
    assert read_pairs(path, encoding="utf-16-le") == rows


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


def test_json_object_with_two_values_of_one_name_is_an_error(write):
    lines = '{"text": "a", "label": "x", "note": {"b": 1, "b": 2}}\n{"text": "a", "label": "x", "text": "b"}\n'
    assert "row 2: two values are named 'text'" in error(write("a.jsonl", lines))


@pytest.mark.parametrize("data", [b"text,label\na,b\n", b"\0" * 10_000])
def test_gzip_file_that_is_not_parquet_is_not_unpacked(write, data):
    assert "does not start with PAR1" in error(write("a.parquet.gz", gzip.compress(data)))


def test_gzipped_parquet_that_expands_too_much_is_refused(write, monkeypatch):
    monkeypatch.setattr(parquet, "_MIN_UNPACKED_BYTES", 10_000)
    monkeypatch.setattr(parquet, "_COPY_BYTES", 1000)
    assert "too many for its size" in error(write("a.parquet.gz", gzip.compress(b"PAR1" + b"\0" * 100_000)))


def test_unknown_extension_error_lists_known_ones(write):
    message = error(write("a.docx", b"PK"))
    assert "'.docx'" in message
    assert ".parquet" in message
    assert "--source.format" in message
    assert "no file extension" in error(write("a", b"PK"))
