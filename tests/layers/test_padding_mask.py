"""Mask of the positions that hold a token."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import PaddingMask


def test_is_1_at_tokens_and_0_at_padding():
    mask = PaddingMask()(np.array([[5, 9, 1], [3, 0, 0], [0, 0, 0]], "int32"))
    np.testing.assert_array_equal(mask[:, :, 0], [[1, 1, 1], [1, 0, 0], [0, 0, 0]])
