"""Gated linear units and the residual block that is built from them."""

from __future__ import annotations

from typing import Literal

import keras
from keras import ops

Gate = Literal["glu", "complementary"]


@keras.saving.register_keras_serializable(package="kerascnn")
class GatedLinearUnit(keras.layers.Layer):
    """Lets one half of its channels decide how much of the other half passes.

    With A and B the first and second half of the channels, "glu" gives ``A * sigmoid(B)`` (Dauphin et al. 2017,
    equation 1) and "complementary" ``[A * sigmoid(B), A * (1 - sigmoid(B))]``, which drops nothing of A.

    Args:
        gate: "glu" or "complementary".

    Returns of a call:
        (..., channels / 2) for "glu", (..., channels) for "complementary".
    """

    def __init__(self, *, gate: Gate = "glu", **kwargs):
        super().__init__(**kwargs)
        if gate not in ("glu", "complementary"):
            raise ValueError(f"gate is glu or complementary. Received: {gate!r}")
        self.gate = gate

    def call(self, inputs):
        """Args: inputs (..., channels), an even number of channels."""
        linear, gate = ops.split(inputs, 2, axis=-1)
        passed = linear * ops.sigmoid(gate)
        return passed if self.gate == "glu" else ops.concatenate([passed, linear - passed], axis=-1)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "gate": self.gate}


@keras.saving.register_keras_serializable(package="kerascnn")
class ResidualGatedBlock(keras.layers.Layer):
    """Convolution, gated linear unit, and the block's input added to the result.

    Where the input has not as many channels as the block, it passes a linear layer first (He et al. 2016, section 3.2).

    Args:
        filters: Channels of the result; even for gate="complementary".
        kernel_size: Positions that the convolution sees.
        gate: "glu" or "complementary", see ``GatedLinearUnit``.
        dropout: Part of the input that the convolution does not see in training, 0 to 1.

    Returns of a call:
        (batch, time, filters), zeros where padding stands.
    """

    def __init__(self, *, filters: int, kernel_size: int = 3, gate: Gate = "glu", dropout: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.gate, self.dropout = filters, kernel_size, gate, dropout
        self._dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self._convolution = keras.layers.Conv1D(
            2 * filters if gate == "glu" else filters, kernel_size, padding="same", dtype=self.dtype_policy
        )
        self._gated = GatedLinearUnit(gate=gate, dtype=self.dtype_policy)
        self._projection = keras.layers.Dense(filters, use_bias=False, dtype=self.dtype_policy)

    def build(self, inputs_shape, valid_shape):
        """Create the weights; the projection only where the channels differ."""
        self._convolution.build(inputs_shape)
        if inputs_shape[-1] != self.filters:
            self._projection.build(inputs_shape)

    def call(self, inputs, valid, training=None):
        """Args: inputs (batch, time, channels), zeros at padding; valid (batch, time, 1), 1 for a token, else 0."""
        shortcut = inputs if inputs.shape[-1] == self.filters else self._projection(inputs)
        return (shortcut + self._gated(self._convolution(self._dropout(inputs, training=training)))) * valid

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "gate": self.gate,
            "dropout": self.dropout,
        }
