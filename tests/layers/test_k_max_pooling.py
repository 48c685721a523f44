"""k-max pooling over time."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import KMaxPooling1D


def test_keeps_largest_values_in_their_order():
    inputs = np.array([[[3.0, 1.0], [9.0, 5.0], [4.0, 2.0], [7.0, 8.0]]])
    np.testing.assert_array_equal(KMaxPooling1D(k=2)(inputs), [[[9.0, 5.0], [7.0, 8.0]]])
    np.testing.assert_array_equal(KMaxPooling1D(k=3)(inputs), [[[9.0, 5.0], [4.0, 2.0], [7.0, 8.0]]])


def test_keeps_the_first_of_equal_values():
    inputs = np.array([[[0.0], [2.0], [0.0], [0.0]]])
    np.testing.assert_array_equal(KMaxPooling1D(k=2)(inputs), [[[0.0], [2.0]]])
