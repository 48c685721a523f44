"""Token dropout, the start token and hashed n-grams."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import HashedNGrams, PaddingMask, StartEndTokens, StartToken, TokenDropout
from kerascnn.layers.hashed_ngrams import MAX_BUCKETS, MULTIPLIER

IDS = np.array([[5, 9, 5, 7, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0]], "int32")


def row_in_plain_python(ngram, buckets):
    """The row of an n-gram beside 2**20 ids, with integers that cannot overflow."""
    if len(ngram) == 1:
        return int(ngram[0])
    hashed = 0
    for token in ngram:
        hashed = (MULTIPLIER * hashed + int(token)) % buckets
    return hashed + 2**20


@pytest.mark.parametrize("buckets", [1, 1000, 2**17, MAX_BUCKETS])
def test_rows_are_those_of_the_documented_hash(buckets):
    ids = np.random.default_rng(0).integers(1, 2**20, size=(2, 40), dtype="int32")
    rows = np.asarray(HashedNGrams(sizes=(1, 2, 3), buckets=buckets, vocabulary_size=2**20)(ids))
    for document, row in zip(ids, rows, strict=True):
        for start in range(38):
            expected = [row_in_plain_python(document[start : start + size], buckets) for size in (1, 2, 3)]
            assert row[start].tolist() == expected


def test_an_ngram_that_reaches_into_padding_has_row_0():
    present = np.asarray(HashedNGrams(sizes=(1, 2, 3), buckets=100, vocabulary_size=10)(IDS)) > 0
    assert present.sum(axis=1).tolist() == [[4, 3, 2], [1, 0, 0], [0, 0, 0]]


def test_equal_ngrams_share_a_row_and_order_counts():
    number = HashedNGrams(sizes=(2,), buckets=2**17, vocabulary_size=10)
    rows = np.asarray(number(np.array([[5, 9, 5, 9]], "int32")))[0, :, 0]
    assert rows[0] == rows[2] != rows[1]


def test_too_many_buckets_for_int32_are_refused():
    with pytest.raises(ValueError, match=str(MAX_BUCKETS)):
        HashedNGrams(sizes=(2,), buckets=MAX_BUCKETS + 1, vocabulary_size=10)


def test_dropped_tokens_become_unknown_and_padding_stays():
    ids = np.tile(IDS[0], (400, 1))
    dropped = np.asarray(TokenDropout(rate=0.3, seed=1)(ids, training=True))
    assert (dropped[:, 4] == 0).all()
    assert np.isin(dropped, [0, 1, 5, 7, 9]).all()
    assert 0.25 < (dropped[:, :4] == 1).mean() < 0.35


def test_no_token_is_dropped_outside_training():
    np.testing.assert_array_equal(TokenDropout(rate=0.9)(IDS, training=False), IDS)


def test_the_mask_marks_tokens():
    np.testing.assert_array_equal(PaddingMask()(IDS)[:, :, 0], [[1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]])


def test_the_start_token_stands_before_every_document():
    opened = StartToken(id=99)(IDS)
    np.testing.assert_array_equal(opened, [[99, 5, 9, 5, 7, 0], [99, 3, 0, 0, 0, 0], [99, 0, 0, 0, 0, 0]])


def test_the_enclosing_tokens_stand_right_before_and_behind_what_is_kept_of_a_document():
    enclosed = StartEndTokens(start=98, end=99, length=3)(np.array([[5, 6, 7, 8], [5, 6, 0, 0], [0, 0, 0, 0]], "int32"))
    np.testing.assert_array_equal(enclosed, [[98, 5, 6, 7, 99], [98, 5, 6, 99, 0], [98, 99, 0, 0, 0]])


def test_an_ngram_that_opens_a_document_is_told_from_the_same_words_inside():
    number = HashedNGrams(sizes=(3,), buckets=2**17, vocabulary_size=100)
    rows = np.asarray(number(StartToken(id=99)(np.array([[5, 9, 5, 9]], "int32"))))
    inside = np.asarray(number(np.array([[4, 5, 9, 5]], "int32")))
    assert rows[0, 0, 0] not in inside
    assert rows[0, 1, 0] == inside[0, 1, 0]
