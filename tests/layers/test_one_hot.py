"""One-hot vectors of tokens."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import OneHot


def test_padding_and_unknown_token_are_zero_vectors():
    vectors = np.asarray(OneHot(vocabulary_size=5)(np.array([[2, 4, 1, 0]], "int32")))
    np.testing.assert_array_equal(vectors, [[[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]])
