"""Pooling over time: numbers by hand, and no sight of padding."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import MaskedGlobalPooling1D, MaskedMaxPooling1D

# two channels; the last position is padding, and its values must never be seen
INPUTS = np.array([[[-1.0, 4.0], [-3.0, 2.0], [-2.0, 0.0], [9.0, 9.0]]], "float32")
VALID = np.array([[[1.0], [1.0], [1.0], [0.0]]], "float32")


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [("max", [-1, 4]), ("average", [-2, 2]), ("both", [-1, 4, -2, 2]), ("sqrtn", [-6 / 3**0.5, 6 / 3**0.5])],
)
def test_pools_tokens_only(pooling, expected):
    pooled = MaskedGlobalPooling1D(pooling=pooling)(INPUTS, VALID)
    np.testing.assert_allclose(pooled, [expected], atol=1e-6)


@pytest.mark.parametrize("pooling", ["max", "both"])
def test_what_is_never_negative_is_pooled_to_the_same_at_less_cost(pooling):
    inputs = np.maximum(INPUTS, 0)
    general, cheap = (MaskedGlobalPooling1D(pooling=pooling, nonnegative=flag)(inputs, VALID) for flag in (False, True))
    np.testing.assert_array_equal(cheap, general)


@pytest.mark.parametrize("pooling", ["max", "average", "both", "sqrtn"])
def test_a_document_without_tokens_pools_to_zeros(pooling):
    pooled = np.asarray(MaskedGlobalPooling1D(pooling=pooling)(INPUTS, np.zeros_like(VALID)))
    assert (pooled == 0).all()


def test_an_unknown_pooling_is_refused_by_name():
    with pytest.raises(ValueError, match="median"):
        MaskedGlobalPooling1D(pooling="median")


def test_shortens_by_windows_that_start_at_the_first_position():
    pooled, valid = MaskedMaxPooling1D(pool_size=2)(INPUTS, VALID)
    np.testing.assert_array_equal(pooled, [[[-1, 4], [-2, 0]]])
    np.testing.assert_array_equal(valid, [[[1], [1]]])


@pytest.mark.parametrize("pool_size", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", [0, 1, 2, 7])
def test_shortening_does_not_depend_on_padding(pool_size, padding):
    tokens = np.random.default_rng(0).normal(size=(1, 7, 2)).astype("float32") - 2
    shorten = MaskedMaxPooling1D(pool_size=pool_size)
    alone, _ = shorten(tokens, np.ones((1, 7, 1), "float32"))
    filled = np.concatenate([tokens, np.full((1, padding, 2), 5.0, "float32")], axis=1)
    mask = np.concatenate([np.ones((1, 7, 1)), np.zeros((1, padding, 1))], axis=1).astype("float32")
    padded, valid = (np.asarray(part) for part in shorten(filled, mask))
    windows = -(-7 // pool_size)
    np.testing.assert_array_equal(padded[:, :windows], alone)
    assert (padded[:, windows:] == 0).all()
    assert valid.sum() == windows
