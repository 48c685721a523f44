"""Where tokens stand in the text that they were made from."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.text import offsets, python_tokenizer
from kerascnn.text.rules import build_rules
from tests.text.hard_texts import SETTINGS, TEXTS, WORDS

EVERY = pytest.mark.parametrize("name", SETTINGS)


def aligned(text, name, **kwargs):
    how = SETTINGS[name]
    return offsets.tokenize_with_offsets(text, build_rules(how, WORDS), level=how.level, max_length=100_000, **kwargs)


def plainly(text, name, **kwargs):
    how = SETTINGS[name]
    return python_tokenizer.tokenize(text, build_rules(how, WORDS), level=how.level, max_length=100_000, **kwargs)


@EVERY
def test_tokens_are_those_of_the_model_and_stand_in_the_order_of_the_text(name):
    for text in TEXTS:
        found = aligned(text, name)
        assert [token.text for token in found] == plainly(text, name), repr(text[:100])
        assert all(0 <= token.start < token.end <= len(text) for token in found)
        assert [token.start for token in found] == sorted(token.start for token in found)


@EVERY
def test_what_stands_at_the_place_of_a_token_is_that_token(name, news, reviews_zh):
    for text in [*news[0][:40], *reviews_zh[0][:40], "ＡＢＣ１２ 手机壳里，很好用。 Café <b>bold</b> R&amp;D"]:
        for token in aligned(text, name):
            if not token.text.isspace():
                assert plainly(text[token.start : token.end], name) == [token.text]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("<b>Straße</b> AT&amp;T", "default", ["Straße", "AT", "&amp;", "T"]),
        ("It&#39;s ﬁne\u00ad", "nfkc", ["It", "&#39;", "s", "ﬁne"]),
        ("e\u0301t\u00e9 ｶﾞ", "nfkc", ["e\u0301t\u00e9", "ｶﾞ"]),
        ("İstanbul'da", "default", ["İstanbul", "'", "da"]),
        ("我的手机壳里很好用", "dictionary", ["我", "的", "手机壳", "里", "很好用"]),
        ("\ud800手机", "character", ["手", "机"]),
        ("a''b", "default", ["a", "''", "b"]),
    ],
)
def test_the_source_of_tokens_that_were_changed(text, name, expected):
    found = [token for token in aligned(text, name) if not token.text.isspace()]
    assert [text[token.start : token.end] for token in found] == expected


def test_stop_words_are_left_out_and_pieces_stand_inside_their_word():
    text = "The unaffable x"
    found = aligned(text, "default", stop_words={"the"}, pieces={"un", "##aff", "##able"})
    assert [(token.text, text[token.start : token.end]) for token in found] == [
        ("un", "un"), ("##aff", "aff"), ("##able", "able"), ("[UNK]", "x")
    ]  # fmt: skip


@EVERY
@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.characters(codec=None) | st.sampled_from("<>&;'’ Ａ字\u200dσΣ#39e\u0301ｶﾞ手机壳\ud800"), max_size=30)
)
def test_any_text_has_the_tokens_of_the_model(name, text):
    assert [token.text for token in aligned(text, name)] == plainly(text, name)
