"""Parity: the graph and plain Python split every text into the same tokens."""

from __future__ import annotations

import unicodedata
from functools import cache

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from tests.text.hard_texts import SETTINGS, TEXTS, WORDS, hostile_texts
from tests.tiers import check_examples, tiers

INVALID = [
    b"\xff",
    b"a\xc3",
    b"\xe4\xb8A",
    b"\xed\xa0\x80x",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"\xf0\x82\x82\xac",
    b"\x80\xbfz",
]


@cache
def make_vectorizer(name: str) -> Vectorizer:
    return Vectorizer(SETTINGS[name], [*RESERVED_TOKENS, *WORDS])


@cache
def make_graph_tokenizer(name: str):
    return tf.function(make_vectorizer(name).tokenizer, input_signature=[tf.TensorSpec([None], tf.string)])


def assert_parity(texts: list, name: str) -> None:
    encoded = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
    from_graph = make_graph_tokenizer(name)(tf.constant(encoded, tf.string)).to_list()
    for text, tokens in zip(texts, from_graph, strict=True):
        assert make_vectorizer(name).tokenize_text(text) == [token.decode() for token in tokens], repr(text[:200])


@pytest.mark.parametrize("name", SETTINGS)
def test_many_scripts_and_invalid_utf8(name):
    assert_parity(TEXTS + INVALID, name)


@pytest.mark.parametrize("name", ["default", "punctuation", "character", "nfkc", "nfkc_casefold"])
def test_every_code_point(name):
    # Libraries implement different versions of Unicode. Private use and most Han, Hangul and unassigned code points are
    # left out, because they behave as their neighbours.
    codes = [*range(1, 0x3400), *range(0x3400, 0xD7A4, 97), *range(0xD7A4, 0xD800), *range(0xF900, 0x17000)]
    codes += [
        *range(0x17000, 0x1AFF0, 97),
        *range(0x1AFF0, 0x20000),
        *range(0x20000, 0x33500, 97),
        *range(0xE0000, 0xE0200),
    ]
    assert_parity([f"{chr(code)} a{chr(code)}b'{chr(code)}c" for code in codes], name)


@pytest.mark.full
@pytest.mark.parametrize("name", SETTINGS)
def test_every_code_point_beside_letters_with_context(name):
    # U+1734 became another kind of mark in Unicode 14
    codes = [code for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000 and code != 0x1734]
    # marks newer than Python's own tables are not sorted among others
    marks = {code: "" if unicodedata.category(chr(code)) == "Cn" else "\u0301" for code in codes}
    texts = [f"ΑΣ{chr(code)}Α Σ{chr(code)} x{chr(code)}{mark} 手{chr(code)}机" for code, mark in marks.items()]
    assert_parity(texts, name)


@pytest.mark.parametrize("name", SETTINGS)
@tiers(few=25, many=2500)
def test_any_text(name, count):
    check_examples(count, lambda texts: assert_parity(texts, name), st.lists(hostile_texts(), max_size=20))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.sampled_from("手机壳里很好用東京タワー字 a、\u0301\ud800𠀋𠀌")), max_size=10))
def test_any_text_without_spaces(texts):
    assert_parity(texts, "dictionary")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=12), max_size=20))
def test_any_bytes(data):
    assert_parity(data, "default")
