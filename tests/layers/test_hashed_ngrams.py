"""Feature hashing of n-grams."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import HashedNGrams, StartToken
from kerascnn.layers.hashed_ngrams import MAX_BUCKETS, MULTIPLIER

IDS = np.array([[5, 9, 5, 7, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0]], "int32")


def row_in_plain_python(ngram, buckets):
    """Return the row of an n-gram after 2**20 ids, computed with integers that cannot overflow."""
    if len(ngram) == 1:
        return int(ngram[0])
    hashed = 0
    for token in ngram:
        hashed = (MULTIPLIER * hashed + int(token)) % buckets
    return hashed + 2**20


@pytest.mark.parametrize("buckets", [1, 1000, 2**17, MAX_BUCKETS])
def test_rows_equal_the_documented_hash(buckets):
    ids = np.random.default_rng(0).integers(1, 2**20, size=(2, 40), dtype="int32")
    rows = np.asarray(HashedNGrams(sizes=(1, 2, 3), buckets=buckets, vocabulary_size=2**20)(ids))
    for document, row in zip(ids, rows, strict=True):
        for start in range(38):
            expected = [row_in_plain_python(document[start : start + size], buckets) for size in (1, 2, 3)]
            assert row[start].tolist() == expected


def test_ngram_that_extends_into_padding_has_row_0():
    present = np.asarray(HashedNGrams(sizes=(1, 2, 3), buckets=100, vocabulary_size=10)(IDS)) > 0
    assert present.sum(axis=1).tolist() == [[4, 3, 2], [1, 0, 0], [0, 0, 0]]


def test_equal_ngrams_share_a_row_and_order_matters():
    layer = HashedNGrams(sizes=(2,), buckets=2**17, vocabulary_size=10)
    rows = np.asarray(layer(np.array([[5, 9, 5, 9]], "int32")))[0, :, 0]
    assert rows[0] == rows[2] != rows[1]


def test_rejects_more_buckets_than_int32_allows():
    with pytest.raises(ValueError, match=str(MAX_BUCKETS)):
        HashedNGrams(sizes=(2,), buckets=MAX_BUCKETS + 1, vocabulary_size=10)


def test_start_token_distinguishes_ngram_at_start_of_document():
    layer = HashedNGrams(sizes=(3,), buckets=2**17, vocabulary_size=100)
    rows = np.asarray(layer(StartToken(id=99)(np.array([[5, 9, 5, 9]], "int32"))))
    inside = np.asarray(layer(np.array([[4, 5, 9, 5]], "int32")))
    assert rows[0, 0, 0] not in inside
    assert rows[0, 1, 0] == inside[0, 1, 0]
