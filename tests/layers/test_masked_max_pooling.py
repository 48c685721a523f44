"""Max pooling with a stride that ignores padding."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import MaskedMaxPooling1D


def test_windows_start_at_the_first_position():
    inputs = np.array([[[-1.0, 4.0], [-3.0, 2.0], [-2.0, 0.0], [9.0, 9.0]]], "float32")
    pooled, valid = MaskedMaxPooling1D(pool_size=2)(inputs, np.array([[[1.0], [1.0], [1.0], [0.0]]], "float32"))
    np.testing.assert_array_equal(pooled, [[[-1, 4], [-2, 0]]])
    np.testing.assert_array_equal(valid, [[[1], [1]]])


@pytest.mark.parametrize("pool_size", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", [0, 1, 2, 7])
def test_padding_has_no_effect(pool_size, padding):
    tokens = np.random.default_rng(0).normal(size=(1, 7, 2)).astype("float32") - 2
    layer = MaskedMaxPooling1D(pool_size=pool_size)
    expected, _ = layer(tokens, np.ones((1, 7, 1), "float32"))
    inputs = np.concatenate([tokens, np.full((1, padding, 2), 5.0, "float32")], axis=1)
    mask = np.concatenate([np.ones((1, 7, 1)), np.zeros((1, padding, 1))], axis=1).astype("float32")
    padded, valid = (np.asarray(part) for part in layer(inputs, mask))
    windows = -(-7 // pool_size)
    np.testing.assert_array_equal(padded[:, :windows], expected)
    assert (padded[:, windows:] == 0).all()
    assert valid.sum() == windows
