"""Gated linear units against numbers worked out by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn.layers import GatedLinearUnit, ResidualGatedBlock

# A = [2, -4], B = [0, ln 3]: sigmoid(B) = [1/2, 3/4]
HALVES = np.array([[2.0, -4.0, 0.0, np.log(3.0)]], "float32")


@pytest.mark.parametrize(("gate", "expected"), [("glu", [1, -3]), ("complementary", [1, -3, 1, -1])])
def test_one_half_gates_the_other(gate, expected):
    np.testing.assert_allclose(GatedLinearUnit(gate=gate)(HALVES), [expected], atol=1e-6)


def test_an_unknown_gate_is_refused_by_name():
    with pytest.raises(ValueError, match="swish"):
        GatedLinearUnit(gate="swish")


@pytest.mark.parametrize("gate", ["glu", "complementary"])
@pytest.mark.parametrize("channels", [6, 4])
def test_a_block_adds_its_input_to_the_gated_convolution(gate, channels):
    block = ResidualGatedBlock(filters=6, kernel_size=3, gate=gate)
    inputs = np.random.default_rng(0).normal(size=(2, 5, channels)).astype("float32")
    valid = np.ones((2, 5, 1), "float32")
    output = np.asarray(block(inputs, valid))
    kernel, bias, *projection = (np.asarray(weight) for weight in block.weights)

    padded = np.pad(inputs, [(0, 0), (1, 1), (0, 0)])
    convolved = bias + sum(padded[:, k : k + 5] @ kernel[k] for k in range(3))
    linear, gates = np.split(convolved, 2, axis=-1)
    passed = linear / (1 + np.exp(-gates))
    gated = passed if gate == "glu" else np.concatenate([passed, linear - passed], axis=-1)
    shortcut = inputs if channels == 6 else inputs @ projection[0]
    np.testing.assert_allclose(output, shortcut + gated, atol=1e-5)


def test_a_block_keeps_padding_at_zero():
    valid = np.array([[[1.0], [1.0], [0.0]]], "float32")
    inputs = np.ones((1, 3, 4), "float32") * valid
    assert (np.asarray(ResidualGatedBlock(filters=4)(inputs, valid))[0, 2] == 0).all()


def test_a_block_comes_back_from_its_settings():
    block = ResidualGatedBlock(filters=6, kernel_size=5, gate="complementary", dropout=0.25, name="block")
    again = keras.layers.deserialize(keras.layers.serialize(block))
    assert again.get_config() == block.get_config()
