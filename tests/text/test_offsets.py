"""Offsets: the source span of each token."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.text import offsets, python_tokenizer
from kerascnn.text.rules import build_rules
from tests.text.hard_texts import SETTINGS, TEXTS, WORDS

every_setting = pytest.mark.parametrize("name", SETTINGS)


def tokenize_with_offsets(text, name, **kwargs):
    config = SETTINGS[name]
    return offsets.tokenize_with_offsets(
        text, build_rules(config, WORDS), level=config.level, max_length=100_000, **kwargs
    )


def tokenize(text, name, **kwargs):
    config = SETTINGS[name]
    return python_tokenizer.tokenize(text, build_rules(config, WORDS), level=config.level, max_length=100_000, **kwargs)


@every_setting
def test_tokens_equal_those_of_tokenize_and_are_in_text_order(name):
    for text in TEXTS:
        tokens = tokenize_with_offsets(text, name)
        assert [token.text for token in tokens] == tokenize(text, name), repr(text[:100])
        assert all(0 <= token.start < token.end <= len(text) for token in tokens)
        assert [token.start for token in tokens] == sorted(token.start for token in tokens)


@every_setting
def test_span_of_a_token_contains_that_token(name, news, reviews_zh):
    for text in [*news[0][:40], *reviews_zh[0][:40], "ＡＢＣ１２ 手机壳里，很好用。 Café <b>bold</b> R&amp;D"]:
        for token in tokenize_with_offsets(text, name):
            if not token.text.isspace():
                assert tokenize(text[token.start : token.end], name) == [token.text]


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
def test_span_of_changed_tokens(text, name, expected):
    tokens = [token for token in tokenize_with_offsets(text, name) if not token.text.isspace()]
    assert [text[token.start : token.end] for token in tokens] == expected


def test_stop_words_are_removed_and_pieces_are_inside_their_word():
    text = "The unaffable x"
    tokens = tokenize_with_offsets(text, "default", stop_words={"the"}, pieces={"un", "##aff", "##able"})
    assert [(token.text, text[token.start : token.end]) for token in tokens] == [
        ("un", "un"), ("##aff", "aff"), ("##able", "able"), ("[UNK]", "x")
    ]  # fmt: skip


@every_setting
@settings(max_examples=40, deadline=None)
@given(
    text=st.text(st.characters(codec=None) | st.sampled_from("<>&;'’ Ａ字\u200dσΣ#39e\u0301ｶﾞ手机壳\ud800"), max_size=30)
)
def test_any_text_has_the_tokens_of_tokenize(name, text):
    assert [token.text for token in tokenize_with_offsets(text, name)] == tokenize(text, name)
