"""Tokens and their characters to ids."""

from __future__ import annotations

from kerascnn.text.config import TextConfig
from kerascnn.text.token_vectorizer import TokenVectorizer

SENTENCES = [["The", "cat", "sat", "in", "1999"], ["the", "ｃａｔ", "0000"]]
WORDS = TextConfig(min_count=1, standardize=("width", "lowercase"))


def test_words_share_a_form_and_keep_their_characters():
    vectorizer = TokenVectorizer.adapt(SENTENCES, WORDS, word_length=4)
    values, splits = vectorizer.encode(SENTENCES)
    assert splits.tolist() == [0, 5, 8]
    assert values.shape == (8, 5)
    assert values[0, 0] == values[5, 0] == vectorizer.vocabulary.index("the")
    assert values[0, 1] != values[5, 1]
    assert values[1, 0] == values[6, 0]


def test_digits_of_unknown_numbers_are_zeros():
    vectorizer = TokenVectorizer.adapt(SENTENCES, WORDS)
    assert vectorizer.encode_tokens(["2024"])[0][0] == vectorizer.vocabulary.index("0000")
    assert vectorizer.encode_tokens(["dog"])[0][0] == 1


def test_long_words_have_their_first_and_last_characters():
    vectorizer = TokenVectorizer.adapt([["abcdefgh"]], WORDS, word_length=4)
    [ids] = vectorizer.encode_tokens(["abcdefgh"])
    assert [vectorizer.characters[i] for i in ids[1:]] == ["a", "b", "g", "h"]


def test_characters_have_one_id():
    vectorizer = TokenVectorizer.adapt([["北", "京"]], TextConfig(level="character", min_count=1))
    assert vectorizer.encode([["北", "海"], []])[0].tolist() == [vectorizer.vocabulary.index("北"), 1]
    assert vectorizer.split_text("a 京") == [(0, 1), (2, 3)]


def test_configuration_gives_the_same_ids():
    vectorizer = TokenVectorizer.adapt(SENTENCES, WORDS, word_length=6).add_words(["dog", "Dog", "the"])
    copy = TokenVectorizer.from_config(vectorizer.get_config(), vectorizer.vocabulary, vectorizer.characters)
    assert copy.vocabulary[-1] == "dog"
    assert copy.encode_tokens(["The", "dog"]) == vectorizer.encode_tokens(["The", "dog"])
