"""Near-duplicates of real sentences, compared with a check of every pair."""

import re

import numpy as np
import pytest

from kerascnn.audit.minhash import SIMILARITY, find_first_similar
from kerascnn.audit.near_duplicates import SHINGLE_WIDTHS
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows


@pytest.fixture(scope="module")
def documents():
    """Return sentences of news as lists of words, and a copy of every third one with one word replaced."""
    text = " ".join(row.text for row in list(read_rows(["demo:bbc"], SourceConfig()))[:40])
    sentences = list(dict.fromkeys(filter(None, re.split(r"(?<=[.!?])\s+", text))))
    found = [sentence.split() for sentence in sentences]
    for number, words in enumerate(found[::3]):
        changed = list(words)
        changed[number % len(words)] = "changed"
        found.append(changed)
    return [*found, [], []]


def repeated(documents, level="word"):
    types = {word: number for number, word in enumerate({word: None for words in documents for word in words})}
    values = np.array([types[word] for words in documents for word in words], np.int64)
    return find_first_similar(values, np.cumsum([0, *map(len, documents)]), SHINGLE_WIDTHS[level]).tolist()


def jaccard(one, other):
    one, other = (set(zip(["<", *words], [*words, ">"], strict=True)) for words in (one, other))
    return len(one & other) / len(one | other)


def test_finds_same_duplicates_as_pairwise_comparison(documents):
    groups = list(range(len(documents)))
    for number, words in enumerate(documents):
        for other in range(number):
            shorter, longer = sorted([len(words) + 1, len(documents[other]) + 1])
            if shorter >= SIMILARITY * longer and jaccard(words, documents[other]) >= SIMILARITY:
                groups[number] = groups[other]
                break
    found = repeated(documents)
    assert sum(group != number for number, group in enumerate(groups)) > 50
    assert found == groups


def test_one_word_of_17_may_differ_but_not_one_of_16():
    text = re.findall(r"\w+", "the bank of england has left interest rates on hold at a record low for another year")
    assert len(set(text)) == len(text) == 17
    assert repeated([text, [*text[:5], "kept", *text[6:]]]) == [0, 0]
    assert repeated([text[:16], [*text[:5], "kept", *text[6:16]]]) == [0, 1]


def test_one_character_of_25_may_differ():
    text = list("房间太小空调坏了再也不来服务员态度差早餐很一般价高")
    assert len(set(text)) == len(text) == 25
    assert repeated([text, [*text[:9], "说", *text[10:]]], "character") == [0, 0]
    assert repeated([text[:24], [*text[:9], "说", *text[10:24]]], "character") == [0, 1]


def test_long_texts_of_same_letters_are_not_duplicates():
    articles = [list(row.text) for row in list(read_rows(["demo:bbc"], SourceConfig()))[:20]]
    assert repeated(articles, "character") == list(range(20))


def test_short_texts_with_other_words_are_not_duplicates():
    assert repeated([["good", "film"], ["bad", "film"], ["good"], ["good", "film"]]) == [0, 1, 2, 0]
