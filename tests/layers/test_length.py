"""Fixed lengths, one-hot vectors and k-max pooling."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import FixedLength, KMaxPooling1D, OneHot

IDS = np.array([[5, 9, 7, 0], [3, 0, 0, 0], [0, 0, 0, 0]], "int32")


def test_documents_are_padded_or_cut_to_the_length():
    np.testing.assert_array_equal(FixedLength(length=6)(IDS), np.pad(IDS, [(0, 0), (0, 2)]))
    np.testing.assert_array_equal(FixedLength(length=2)(IDS), IDS[:, :2])


def test_backwards_the_last_token_stands_first_and_padding_behind():
    expected = [[7, 9, 5, 0, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(FixedLength(length=5, backwards=True)(IDS), expected)
    np.testing.assert_array_equal(FixedLength(length=2, backwards=True)(IDS), [[9, 5], [3, 0], [0, 0]])


def test_padding_and_the_unknown_token_are_zeros_in_one_hot():
    vectors = np.asarray(OneHot(vocabulary_size=5)(np.array([[2, 4, 1, 0]], "int32")))
    np.testing.assert_array_equal(vectors, [[[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]])


def test_k_max_pooling_keeps_the_largest_of_each_channel_in_their_order():
    inputs = np.array([[[3.0, 1.0], [9.0, 5.0], [4.0, 2.0], [7.0, 8.0]]])
    np.testing.assert_array_equal(KMaxPooling1D(k=2)(inputs), [[[9.0, 5.0], [7.0, 8.0]]])
    np.testing.assert_array_equal(KMaxPooling1D(k=3)(inputs), [[[9.0, 5.0], [4.0, 2.0], [7.0, 8.0]]])


def test_k_max_pooling_keeps_equal_values_that_stand_first():
    inputs = np.array([[[0.0], [2.0], [0.0], [0.0]]])
    np.testing.assert_array_equal(KMaxPooling1D(k=2)(inputs), [[[0.0], [2.0]]])
