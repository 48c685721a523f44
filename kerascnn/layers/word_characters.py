"""Character CNN of single words."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.embedding import Embedding
from kerascnn.layers.masked_global_pooling import lowest_at_padding
from kerascnn.layers.residual_gated_block import ResidualGatedBlock
from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class WordCharacters(keras.layers.Layer):
    """Computes a vector of each word from its characters (dos Santos & Zadrozny 2014; Ma & Hovy 2016).

    The characters pass through residual gated convolutions; the maximum over the characters is the vector.

    Example::

        WordCharacters(input_dim=100)(np.array([[[7, 9, 4, 0], [8, 0, 0, 0]]]))  # (1, 2, 64)

    Args:
        input_dim: Number of ids of characters; 0 is padding.
        output_dim: Length of the vectors of characters.
        filters: Length of the vectors of words.
        kernel_size: Width of the convolutions, in characters.
        blocks: Number of blocks of convolution, gate and residual connection.
        dropout: Fraction of the input of the convolutions that is dropped in training, 0 to 1.

    Call arguments:
        ids: Integers (batch, time, characters).

    Returns:
        (batch, time, filters), zeros for a word without characters.
    """

    def __init__(
        self,
        *,
        input_dim: int,
        output_dim: int = 32,
        filters: int = 64,
        kernel_size: int = 3,
        blocks: int = 1,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.input_dim, self.output_dim, self.filters = input_dim, output_dim, filters
        self.kernel_size, self.blocks, self.dropout = kernel_size, blocks, dropout
        self.supports_jit = keras.backend.backend() != "tensorflow"  # see ``_pool_packed``
        self._embedding = Embedding(input_dim, output_dim, dtype=self.dtype_policy)
        self._blocks = [
            ResidualGatedBlock(filters=filters, kernel_size=kernel_size, dropout=dropout, dtype=self.dtype_policy)
            for _ in range(blocks)
        ]

    def build(self, ids_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        characters = ids_shape[-1]
        self._embedding.build((None, characters))
        channels = self.output_dim
        for block in self._blocks:
            block.build((None, characters, channels), (None, characters, 1))
            block.built = True
            channels = self.filters

    def call(self, ids: Tensor, training: bool | None = None) -> Tensor:
        """Compute the vectors, see the class."""
        time = ops.shape(ids)[1]
        ids = ops.reshape(ids, (-1, ids.shape[-1]))
        packs = training and keras.backend.backend() == "tensorflow"
        pooled = self._pool_packed(ids) if packs else self._pool(ids, training)
        return ops.reshape(pooled, (-1, time, self.filters))

    def _pool(self, ids: Tensor, training: bool | None) -> Tensor:
        """Return the vectors of words (words, characters), which are padded to the same length."""
        x, valid = self._convolve(ids, training)
        return ops.max(lowest_at_padding(x, valid), axis=1) * ops.max(valid, axis=1)

    def _pool_packed(self, ids: Tensor) -> Tensor:
        """Do the same in training without the padding, which is most of the positions.

        The words are one sequence; as many zeros as a convolution reads on one side separate them. Its length is known
        in the step only, which neither XLA nor TFLite supports.
        """
        import tensorflow as tf

        gap = max(self.kernel_size // 2, 1)
        padded = tf.pad(ids, [[0, 0], [0, gap]])
        ends = tf.reduce_sum(tf.cast(ids != 0, "int32"), axis=1, keepdims=True) + gap
        words = tf.where(tf.range(tf.shape(padded)[1]) < ends)  # (positions, 2)
        x, valid = self._convolve(tf.gather_nd(padded, words)[None], True)
        pooled = tf.math.segment_max(lowest_at_padding(x, valid)[0], words[:, 0])
        return pooled * tf.cast(ids[:, :1] != 0, self.compute_dtype)

    def _convolve(self, ids: Tensor, training: bool | None) -> tuple[Tensor, Tensor]:
        """Return the features of characters (batch, characters), and 1 for characters and 0 for padding."""
        valid = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), self.compute_dtype), -1)
        x = self._embedding(ids) * valid
        for block in self._blocks:
            x = block(x, valid, training=training)
        return x, valid

    def compute_output_spec(self, ids: Tensor, training: bool | None = None) -> keras.KerasTensor:
        """Return shape and dtype of the vectors."""
        return keras.KerasTensor((*ids.shape[:-1], self.filters), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "blocks": self.blocks,
            "dropout": self.dropout,
        }
