"""Gated linear units."""

from __future__ import annotations

from typing import Any, Literal

import keras
from keras import ops

from kerascnn.layers.types import Tensor

Gate = Literal["glu", "complementary"]


@keras.saving.register_keras_serializable(package="kerascnn")
class GatedLinearUnit(keras.layers.Layer):
    """Multiplies one half of the channels by the sigmoid of the other half.

    With A and B the first and second half of the channels, "glu" computes ``A * sigmoid(B)`` (Dauphin et al. 2017,
    equation 1) and "complementary" ``[A * sigmoid(B), A * (1 - sigmoid(B))]``, which loses nothing of A.

    Example::

        GatedLinearUnit()(keras.ops.ones((1, 4)))  # (1, 2): sigmoid(1)

    Args:
        gate: "glu" or "complementary".

    Call arguments:
        inputs: (..., channels), with an even number of channels.

    Returns:
        (..., channels / 2) for "glu", (..., channels) for "complementary".

    Raises:
        ValueError: The gate is unknown.
    """

    def __init__(self, *, gate: Gate = "glu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if gate not in ("glu", "complementary"):
            raise ValueError(f"gate must be glu or complementary. Received: {gate!r}")
        self.gate = gate

    def call(self, inputs: Tensor) -> Tensor:
        """Apply the gate, see the class."""
        linear, gate = ops.split(inputs, 2, axis=-1)
        gated = linear * ops.sigmoid(gate)
        return gated if self.gate == "glu" else ops.concatenate([gated, linear - gated], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "gate": self.gate}
