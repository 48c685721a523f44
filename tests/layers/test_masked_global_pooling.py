"""Global pooling over time that ignores padding, against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import MaskedGlobalPooling1D

# two channels; the last position is padding with values that must have no effect
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
def test_nonnegative_inputs_have_the_same_maxima(pooling):
    inputs = np.maximum(INPUTS, 0)
    general, cheap = (MaskedGlobalPooling1D(pooling=pooling, nonnegative=flag)(inputs, VALID) for flag in (False, True))
    np.testing.assert_array_equal(cheap, general)


@pytest.mark.parametrize("pooling", ["max", "average", "both", "sqrtn"])
def test_document_without_tokens_is_pooled_to_zeros(pooling):
    pooled = np.asarray(MaskedGlobalPooling1D(pooling=pooling)(INPUTS, np.zeros_like(VALID)))
    assert (pooled == 0).all()


def test_rejects_unknown_pooling():
    with pytest.raises(ValueError, match="median"):
        MaskedGlobalPooling1D(pooling="median")
