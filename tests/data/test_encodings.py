"""Encodings of text files, and errors about wrong ones."""

from __future__ import annotations

import encodings.aliases

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import guess_encoding
from kerascnn.data.sources import read_texts
from kerascnn.utils.errors import InputError
from tests.data.reading import REAL, content, error, read_pairs
from tests.data.real_text import CHINESE, ENGLISH, csv_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_reads_encoding_that_was_written(write, chinese_reviews, encoding):
    path = write("reviews.csv", csv_text(chinese_reviews), encoding)
    assert read_pairs(path, encoding="utf-8" if encoding == "utf-8-sig" else encoding) == chinese_reviews


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_byte_order_mark_is_not_part_of_first_column(write, suffix):
    path = write(f"bom{suffix}", b"\xef\xbb\xbf" + content(suffix, REAL))
    assert read_pairs(path) == REAL
    assert read_pairs(path, encoding="UTF8") == REAL


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
    assert f"encoding: {encoding!r} is not a supported encoding of text files" in message


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


@pytest.mark.parametrize("rows", [REAL, ENGLISH[:1]], ids=["accents and Chinese", "ASCII only"])
def test_recognizes_utf16_without_byte_order_mark(write, rows):
    path = write("a.csv", csv_text(rows), "utf-16-le")
    assert "utf-16-le" in error(path)
    assert read_pairs(path, encoding="utf-16-le") == rows
