"""Embedding lookup in a table of 8-bit numbers."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor

_RANDOM_ROWS = 4096


@keras.saving.register_keras_serializable(package="kerascnn")
class QuantizedEmbedding(keras.layers.Layer):
    """Looks up vectors in a table of 8-bit numbers and converts only these to floats; the table is not trained.

    Memory, saved models and all exports hold a quarter of the bytes of a float32 table. Each row has its own scale and
    offset: vector = scale * row + offset.

    Example::

        embedding = QuantizedEmbedding(128_000, 512)
        vectors = embedding(ids)                                 # (batch, time, 512)
        embedding.set_weights([table, scale, offset])            # uint8 (rows, 512), float32 (rows, 1) twice

    Args:
        input_dim: Number of rows of the table.
        output_dim: Length of the vectors.

    Call arguments:
        ids: Integers (...), each below ``input_dim``.

    Returns:
        (..., output_dim), in the compute dtype. Before weights are set, the values are uniform in [-1, 1).
    """

    def __init__(self, input_dim: int, output_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_dim, self.output_dim = input_dim, output_dim
        self.table = self.add_weight(
            shape=(input_dim, output_dim), dtype="uint8", initializer=_random_bytes, trainable=False, name="table"
        )
        scale, offset = keras.initializers.Constant(1 / 128), keras.initializers.Constant(-1)
        options: dict[str, Any] = {"shape": (input_dim, 1), "dtype": "float32", "trainable": False, "autocast": False}
        self.scale = self.add_weight(initializer=scale, name="scale", **options)
        self.offset = self.add_weight(initializer=offset, name="offset", **options)
        self.built = True

    def call(self, ids: Tensor) -> Tensor:
        """Look up the vectors, see the class."""
        rows = ops.cast(ops.take(self.table, ids, axis=0), "float32")
        vectors = rows * ops.take(self.scale, ids, axis=0) + ops.take(self.offset, ids, axis=0)
        return ops.cast(vectors, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the vectors."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "input_dim": self.input_dim, "output_dim": self.output_dim}


def _random_bytes(shape: tuple[int, int], dtype: str) -> Tensor:
    """Return a random table; a long one repeats its first rows, since random integers take four times the memory."""
    rows = min(shape[0], _RANDOM_ROWS)
    block = ops.cast(keras.random.randint((rows, shape[1]), 0, 256), dtype)
    return ops.take(block, ops.arange(shape[0]) % rows, axis=0)
