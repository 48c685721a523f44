"""Texts are split in the graph as in Python."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.golden import PROBES
from kerascnn.text.tf_words import split_texts
from kerascnn.text.words import split_characters, split_words
from tests.text.hard_texts import TEXTS
from tests.text.word_texts import WORD_TEXTS, draw_texts


def split_in_graph(texts, level):
    found = split_texts([text.encode("utf-8", "replace") for text in texts], level)
    tokens = [[token.decode() for token in row] for row in found.tokens.to_list()]
    return [
        list(zip(*row, strict=True)) for row in zip(tokens, found.starts.to_list(), found.ends.to_list(), strict=True)
    ]


def split_in_python(text, level):
    spans = split_characters(text) if level == "character" else split_words(text)
    return [(text[start:end], start, end) for start, end in spans]


@pytest.mark.parametrize("level", ["word", "character"])
def test_texts_have_the_same_tokens(level):
    texts = [
        text
        for text in [*PROBES, *TEXTS, *WORD_TEXTS, *draw_texts()]
        if text.encode("utf-8", "replace").decode() == text
    ]
    texts = [text for text in texts if not {"\x01", "\x03"} & {*text} and "\x1f" not in text]
    for text, found in zip(texts, split_in_graph(texts, level), strict=True):
        assert found == split_in_python(text, level), text[:80]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(alphabet="ntsN'’.-_ @:/1中é!w—", max_size=30), min_size=1, max_size=5))
def test_any_mix_of_words_and_marks_has_the_same_tokens(texts):
    assert split_in_graph(texts, "word") == [split_in_python(text, "word") for text in texts]
