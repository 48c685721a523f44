"""Residual block of a convolution and a gated linear unit."""

from __future__ import annotations

from typing import Any

import keras

from kerascnn.layers.gated_linear_unit import Gate, GatedLinearUnit
from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class ResidualGatedBlock(keras.layers.Layer):
    """Convolution and gated linear unit with a residual connection.

    If the input and the block differ in their number of channels, the input passes through a linear projection first
    (He et al. 2016, section 3.2).

    Args:
        filters: Number of output channels; even for gate="complementary".
        kernel_size: Width of the convolution, in positions.
        gate: "glu" or "complementary", see ``GatedLinearUnit``.
        dropout: Fraction of the convolution's input that is dropped in training, 0 to 1.
        dilation_rate: Distance between the positions that the convolution sees (Yu & Koltun 2016).

    Call arguments:
        inputs: (batch, time, channels), zeros at padding.
        valid: (batch, time, 1), 1 at tokens and 0 at padding.

    Returns:
        (batch, time, filters), zeros at padding.
    """

    def __init__(
        self,
        *,
        filters: int,
        kernel_size: int = 3,
        gate: Gate = "glu",
        dropout: float = 0.0,
        dilation_rate: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.gate, self.dropout = filters, kernel_size, gate, dropout
        self.dilation_rate = dilation_rate
        self._dropout = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self._convolution = keras.layers.Conv1D(
            2 * filters if gate == "glu" else filters, kernel_size, padding="same", dilation_rate=dilation_rate,
            dtype=self.dtype_policy,
        )  # fmt: skip
        self._gated = GatedLinearUnit(gate=gate, dtype=self.dtype_policy)
        self._projection = keras.layers.Dense(filters, use_bias=False, dtype=self.dtype_policy)

    def build(self, inputs_shape: tuple[int | None, ...], valid_shape: tuple[int | None, ...]) -> None:
        """Create the weights; those of the projection only if the number of channels changes."""
        self._convolution.build(inputs_shape)
        if inputs_shape[-1] != self.filters:
            self._projection.build(inputs_shape)

    def call(self, inputs: Tensor, valid: Tensor, training: bool | None = None) -> Tensor:
        """Run the block, see the class."""
        shortcut = inputs if inputs.shape[-1] == self.filters else self._projection(inputs)
        return (shortcut + self._gated(self._convolution(self._dropout(inputs, training=training)))) * valid

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "gate": self.gate,
            "dropout": self.dropout,
            "dilation_rate": self.dilation_rate,
        }
