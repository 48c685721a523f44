"""Sentences of any length are tagged in windows as at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerascnn.tasks.sentence_tagger import SentenceTagger, split_windows
from kerascnn.tasks.viterbi import TagDecoder
from kerascnn.text.token_encoder import TokenEncoder

LABELS = ["B-X", "I-X", "O"]
LETTERS = ["[PAD]", "[UNK]", *"abcdefgh"]


def compute(ids):
    """Scores of a token that depend on its two neighbours."""
    padded = np.pad(ids, [(0, 0), (1, 1)])
    context = padded[:, :-2] + 3 * ids + padded[:, 2:]
    return np.stack([np.sin(context + k) for k in range(len(LABELS))], axis=-1).astype(np.float32)


def make_tagger(max_length, level="word", **options):
    start, transitions = np.zeros(3), np.array([[0.5, 1, 0], [0, 1, 0], [0, -1e4, 0.5]])
    encoder = TokenEncoder([], LETTERS, word_length=4)
    return SentenceTagger(LABELS, encoder, TagDecoder(start, transitions), level, max_length, compute, **options)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(1, 70))
def test_windows_cover_each_token_once(length, size):
    windows = split_windows(length, size)
    assert [token for window in windows for token in range(window.first, window.last)] == list(range(length))
    assert all(0 <= w.start <= w.first < w.last <= w.end <= length and w.end - w.start <= size for w in windows)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=40), max_size=6), st.integers(4, 20))
def test_windows_and_batches_do_not_change_the_answer(sentences, size):
    whole = make_tagger(1000).tag(sentences)
    for tagger in (make_tagger(size), make_tagger(size, batch_size=1)):
        for (tags, values), (expected, probabilities) in zip(tagger.tag(sentences), whole, strict=True):
            assert tags == expected
            np.testing.assert_allclose(values, probabilities, atol=1e-5)


@pytest.mark.parametrize("sentences", [[["ab", "c", "a"], [], ["abcdefgh"]], [["a", "b"]]])
def test_characters_give_a_longer_token_the_tag_of_its_first_one(sentences):
    found = make_tagger(8, "character").tag(sentences)
    assert [len(tags) for tags, _ in found] == [len(sentence) for sentence in sentences]
    for tags, values in found:
        assert values.shape == (len(tags), 3)
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert tag != "I-X" or before != "O"
