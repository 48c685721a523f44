"""Residual block of a convolution and a gated linear unit, against NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn.layers import ResidualGatedBlock


@pytest.mark.parametrize("gate", ["glu", "complementary"])
@pytest.mark.parametrize("channels", [6, 4])
def test_adds_input_to_gated_convolution(gate, channels):
    block = ResidualGatedBlock(filters=6, kernel_size=3, gate=gate)
    inputs = np.random.default_rng(0).normal(size=(2, 5, channels)).astype("float32")
    valid = np.ones((2, 5, 1), "float32")
    output = np.asarray(block(inputs, valid))
    kernel, bias, *projection = (np.asarray(weight) for weight in block.weights)

    padded = np.pad(inputs, [(0, 0), (1, 1), (0, 0)])
    convolved = bias + sum(padded[:, k : k + 5] @ kernel[k] for k in range(3))
    linear, gates = np.split(convolved, 2, axis=-1)
    gated = linear / (1 + np.exp(-gates))
    expected = gated if gate == "glu" else np.concatenate([gated, linear - gated], axis=-1)
    shortcut = inputs if channels == 6 else inputs @ projection[0]
    np.testing.assert_allclose(output, shortcut + expected, atol=1e-5)


def test_output_is_zero_at_padding():
    valid = np.array([[[1.0], [1.0], [0.0]]], "float32")
    inputs = np.ones((1, 3, 4), "float32") * valid
    assert (np.asarray(ResidualGatedBlock(filters=4)(inputs, valid))[0, 2] == 0).all()


def test_block_is_restored_from_config():
    block = ResidualGatedBlock(filters=6, kernel_size=5, gate="complementary", dropout=0.25, name="block")
    restored = keras.layers.deserialize(keras.layers.serialize(block))
    assert restored.get_config() == block.get_config()
