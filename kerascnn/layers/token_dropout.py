"""Dropout of whole tokens."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor

UNKNOWN_ID = 1


@keras.saving.register_keras_serializable(package="kerascnn")
class TokenDropout(keras.layers.Layer):
    """Replaces random tokens by the unknown token in training, which regularizes the model (Iyyer et al. 2015).

    Args:
        rate: Fraction of the tokens to replace, 0 to 1; padding is kept.
        seed: Random seed.

    Call arguments:
        ids: Integers (batch, time), 0 is padding.

    Returns:
        Integers (batch, time), of the dtype of ``ids``.
    """

    def __init__(self, *, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, ids: Tensor, training: bool | None = None) -> Tensor:
        """Replace random tokens if ``training`` is true, see the class."""
        if not training or self.rate == 0:
            return ids
        dropped = keras.random.uniform(ops.shape(ids), seed=self.seed_generator) < self.rate
        return ops.where(ops.logical_and(dropped, ids != 0), ops.cast(UNKNOWN_ID, ids.dtype), ids)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
