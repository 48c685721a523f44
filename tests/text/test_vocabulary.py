"""The vocabulary and its file format."""

from __future__ import annotations

from collections import Counter

import pytest

from kerascnn.text import vocabulary
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.utils.errors import InputError


def test_sorts_by_frequency_and_then_by_code_point():
    counts = Counter({"b": 3, "a": 3, "é": 3, "z": 9, "rare": 1})
    select = vocabulary.select_frequent_tokens
    assert select(counts, max_tokens=10, min_count=2) == ["[PAD]", "[UNK]", "z", "a", "b", "é"]
    assert select(counts, max_tokens=4, min_count=1) == ["[PAD]", "[UNK]", "z", "a"]


def test_reserved_tokens_in_text_get_no_second_id():
    assert vocabulary.select_frequent_tokens(Counter(["[UNK]", "[PAD]", "x"]), max_tokens=9, min_count=1) == [
        "[PAD]",
        "[UNK]",
        "x",
    ]


def test_every_code_point_round_trips(tmp_path):
    path = tmp_path / "vocabulary.txt"
    tokens = [*vocabulary.RESERVED_TOKENS, *map(chr, range(0x110000)), "\\u0085", "a b", "\\\\", "👨\u200d👩"]
    vocabulary.write_vocabulary(path, tokens)
    assert vocabulary.read_vocabulary(path) == tokens
    assert path.read_bytes().count(b"\n") == len(tokens)
    assert len(path.read_text("utf-8").splitlines()) == len(tokens)


def test_escapes_only_what_editors_break(tmp_path):
    path = tmp_path / "labels.txt"
    write_escaped_lines(path, ["体育", "a\\b", "x\u2028", "\t", "\u3000", " ", "\U000e0001", "😀"])
    assert path.read_text("utf-8") == "体育\na\\\\b\nx\\u2028\n\\u0009\n\\u3000\n \n\\U000e0001\n😀\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[PAD]\n[UNK]\na\nb\na\n", "line 5: 'a' repeats line 3"),
        (b"a\nb\n", r"line 1: expected \[PAD\], found 'a'"),
        (b"[PAD]\n", r"line 2: expected \[UNK\], found the end of the file"),
        (b"", "does not end|line 1"),
        (b"[PAD]\n[UNK]\n\\x\n", "line 3: .*invalid escape"),
        (b"[PAD]\n[UNK]\na\\\n", "line 3: .*invalid escape"),
        (b"[PAD]\n[UNK]\n\\U00110000\n", "line 3: .*invalid escape"),
        (b"[PAD]\n[UNK]\n\xff\n", "line 3: not UTF-8 .byte 0xff"),
        (b"[PAD]\r\n[UNK]\r\n", "line 1: ends in"),
        (b"[PAD]\n[UNK]\n\n", "line 3: is empty"),
        (b"[PAD]\n[UNK]\ncut", "line 3: does not end in a newline"),
    ],
)
def test_reports_invalid_line_with_its_number(tmp_path, content, message):
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"vocabulary.txt, .*{message}"):
        vocabulary.read_vocabulary(path)


def test_reports_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.txt: cannot be read"):
        vocabulary.read_vocabulary(tmp_path / "nothing.txt")
