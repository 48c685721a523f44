"""Feature hashing of prefixes and suffixes."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import HashedAffixes
from kerascnn.layers.hashed_ngrams import MAX_BUCKETS

LENGTH = 8
LAYER = HashedAffixes(prefixes=(1, 3), suffixes=(1, 2, 4), buckets=2**17)


def find_rows(*words, layer=LAYER):
    ids = [[ord(letter) for letter in word] + [0] * (LENGTH - len(word)) for word in words]
    return np.asarray(layer(np.array([ids], "int32")))[0]


def test_words_with_the_same_affix_share_a_row():
    rows = find_rows("walking", "walked", "sing", "ring")
    assert (rows[0] == rows[1]).tolist() == [True, True, False, False, False]
    assert (rows[0] == rows[2]).tolist() == [False, False, True, True, False]
    assert (rows[2] == rows[3]).tolist() == [False, False, True, True, False]


def test_prefix_and_suffix_of_the_same_letters_have_different_rows():
    rows = find_rows("noon")
    assert len(set(rows[0].tolist())) == 5


@pytest.mark.parametrize("word", ["a", "ab", "abcdefgh"])
def test_words_of_any_length_have_all_rows(word):
    rows = find_rows(word)
    assert ((rows > 0) & (rows < LAYER.buckets)).all()
    longer = HashedAffixes(prefixes=(1, 3), suffixes=(1, 2, 4), buckets=2**17)
    padded = np.pad([[ord(letter) for letter in word]], [[0, 0], [0, 12]]).astype("int32")
    assert np.asarray(longer(padded[None])).tolist() == rows[None].tolist()  # padding changes nothing


def test_padding_has_row_0():
    assert not find_rows("").any()


@pytest.mark.parametrize("buckets", [2, MAX_BUCKETS])
def test_rows_are_in_the_table(buckets):
    layer = HashedAffixes(prefixes=(2, 3), suffixes=(2, 3, 4), buckets=buckets)
    ids = np.random.default_rng(0).integers(1, 2000, (20, 30, LENGTH)).astype("int32")
    rows = np.asarray(layer(ids))
    assert rows.min() >= 1 and rows.max() < buckets


@pytest.mark.parametrize("buckets", [1, MAX_BUCKETS + 1])
def test_rejects_buckets_out_of_range(buckets):
    with pytest.raises(ValueError, match=str(MAX_BUCKETS)):
        HashedAffixes(prefixes=(2,), suffixes=(), buckets=buckets)
