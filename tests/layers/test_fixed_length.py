"""Documents of one length."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import FixedLength

IDS = np.array([[5, 9, 7, 0], [3, 0, 0, 0], [0, 0, 0, 0]], "int32")


def test_pads_or_truncates_to_the_length():
    np.testing.assert_array_equal(FixedLength(length=6)(IDS), np.pad(IDS, [(0, 0), (0, 2)]))
    np.testing.assert_array_equal(FixedLength(length=2)(IDS), IDS[:, :2])


def test_backwards_puts_last_token_first_and_padding_last():
    expected = [[7, 9, 5, 0, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(FixedLength(length=5, backwards=True)(IDS), expected)
    np.testing.assert_array_equal(FixedLength(length=2, backwards=True)(IDS), [[9, 5], [3, 0], [0, 0]])
