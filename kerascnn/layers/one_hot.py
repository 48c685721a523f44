"""One-hot vectors of tokens."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class OneHot(keras.layers.Layer):
    """One-hot vectors of the known tokens; padding (0) and the unknown token (1) are zero vectors.

    Args:
        vocabulary_size: Number of ids, including 0 and 1.

    Call arguments:
        ids: Integers (batch, time).

    Returns:
        (batch, time, vocabulary_size - 2), in the compute dtype of the layer.
    """

    def __init__(self, *, vocabulary_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size

    def call(self, ids: Tensor) -> Tensor:
        """Encode the ids, see the class."""
        return ops.one_hot(ids, self.vocabulary_size, dtype=self.compute_dtype)[:, :, 2:]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size}
