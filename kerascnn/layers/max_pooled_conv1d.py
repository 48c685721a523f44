"""Convolutions with max pooling over time, trained at the cost of the pooled windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class MaxPooledConv1D(keras.layers.Layer):
    """Parallel convolutions with ReLU, each pooled by its maximum over time (Kim 2014, section 2).

    It computes the same as ``Conv1D(filters, size, padding="same", activation="relu")``, a mask and a maximum over time
    for each size, concatenated. On TensorFlow without a GPU, training is much faster: the gradient of a maximum over
    time is the gradient of a single window per filter, so that the backward pass, which is most of a training step,
    needs two products with a sparse matrix instead of dense convolutions. See ``kerascnn.layers.sparse_max_pooling``.
    Values and gradients are exact except for rounding, and for ties, where one window gets the whole gradient. On other
    backends and devices, dense operations are faster and the layer uses them.

    If the inputs are the rows of an embedding table, multiplied by the mask and otherwise unchanged, pass ``ids`` and
    ``table``. Training then multiplies each distinct token of a batch with the kernels only once.

    Example::

        words = keras.layers.Multiply()([embedding(ids), valid])
        features = MaxPooledConv1D(100, kernel_sizes=(3, 4, 5))(words, valid)  # (batch, 300)

    Args:
        filters: Number of filters of each convolution.
        kernel_sizes: Width of each convolution, in positions.
        return_sequences: Whether to return the output of each convolution as well, which needs dense operations.

    Call arguments:
        inputs: (batch, time, channels), zeros at padding.
        valid: (batch, time, 1), 1 at tokens and 0 at padding.
        ids: Optional ids of the inputs, int32 (batch, time); 0 is padding and occurs only after the tokens.
        table: Optional table of the embedding, (rows, channels), see ``Embedding``.

    Returns:
        (batch, len(kernel_sizes) * filters), in the order of ``kernel_sizes``; zeros for a document without tokens.
        With ``return_sequences``, a list of this and of the outputs of the convolutions, (batch, time, filters) each.
    """

    def __init__(
        self, filters: int, *, kernel_sizes: Sequence[int], return_sequences: bool = False, **kwargs: Any
    ) -> None:
        # in mixed precision, Keras would read and cast the whole table in each step; the convolutions cast their inputs
        super().__init__(autocast=False, **kwargs)
        self.filters, self.kernel_sizes, self.return_sequences = filters, tuple(kernel_sizes), return_sequences
        self.convolutions = [
            keras.layers.Conv1D(
                filters, size, padding="same", activation="relu", dtype=self.dtype_policy, name=f"convolution_{size}"
            )
            for size in self.kernel_sizes
        ]
        # XLA has no operations on sparse matrices.
        self.supports_jit = not self._is_sparse()

    def build(
        self,
        inputs_shape: tuple[int | None, ...],
        valid_shape: tuple[int | None, ...],
        ids_shape: tuple[int | None, ...] | None = None,
        table_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        """Create the weights of the convolutions."""
        for convolution in self.convolutions:
            convolution.build(inputs_shape)

    def call(
        self, inputs: Tensor, valid: Tensor, ids: Tensor = None, table: Tensor = None, training: bool | None = None
    ) -> Tensor:
        """Convolve and pool, see the class."""
        if not training or not self._is_sparse():
            sequences = [convolution(inputs) for convolution in self.convolutions]
            pooled = ops.concatenate([ops.max(sequence * valid, axis=1) for sequence in sequences], axis=-1)
            return [pooled, *sequences] if self.return_sequences else pooled
        from kerascnn.layers import sparse_max_pooling

        # In half precision, the product of each token with a kernel would be rounded before the sum over a window.
        if table is not None and self.compute_dtype == "float32":
            return sparse_max_pooling.pool_tokens(self.convolutions, ids, table)
        return sparse_max_pooling.pool_vectors(self.convolutions, inputs, valid)

    def _is_sparse(self) -> bool:
        """Return whether training uses sparse gradients."""
        if self.return_sequences or keras.backend.backend() != "tensorflow":
            return False
        import tensorflow as tf

        return not tf.config.list_physical_devices("GPU")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_sizes": self.kernel_sizes,
            "return_sequences": self.return_sequences,
        }
