"""Sum of logits with fixed weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class WeightedSum(keras.layers.Layer):
    """Sum of the logits of several models, each times a weight that is not trained (stacking, Wolpert 1992).

    Example::

        WeightedSum([1.0, 1.5])([logits, scores])  # logits + 1.5 * scores

    Args:
        factors: Weight of each input.

    Call arguments:
        inputs: One tensor per weight, (batch, classes). The first one may be (batch, members, classes), the logits of
            an ``EnsembleHead`` in training; the others are added to those of each member.

    Returns:
        float32, of the shape of the first input.
    """

    def __init__(self, factors: Sequence[float], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.factors = list(factors)

    def call(self, inputs: Sequence[Tensor]) -> Tensor:
        """Add up the inputs, see the class."""
        first, *others = (ops.cast(x, "float32") for x in inputs)
        if len(first.shape) == 3:
            others = [ops.expand_dims(x, 1) for x in others]
        total = first if self.factors[0] == 1 else first * self.factors[0]
        for factor, other in zip(self.factors[1:], others, strict=True):
            total = total + factor * other
        return total

    def compute_output_spec(self, inputs: Sequence[Tensor]) -> keras.KerasTensor:
        """Return shape and dtype of the sum."""
        return keras.KerasTensor(inputs[0].shape, dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "factors": self.factors}
