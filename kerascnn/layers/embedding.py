"""Embedding lookup with a cost that does not depend on the vocabulary size."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class Embedding(keras.layers.Embedding):
    """``keras.layers.Embedding`` with a cost that, on TensorFlow, does not grow with its table.

    The stock layer reads the whole variable before the lookup. After an optimizer has written single rows, TensorFlow
    copies the table for each such read. A lookup in the variable itself copies nothing, and in mixed precision only
    the resulting vectors are cast. Other backends use the stock implementation.

    Example::

        embedding = Embedding(20_000, 64)
        vectors = embedding(ids)                    # (batch, time, 64)
        table = embedding(ids, return_table=True)   # (20000, 64)

    Args:
        input_dim: Number of rows of the table.
        output_dim: Length of the vectors.

    Call arguments:
        inputs: Integers (...), each below ``input_dim``.
        return_table: Whether to return the table in place of the vectors, for a layer that looks up single rows
            itself, see ``MaxPooledConv1D``.

    Returns:
        (..., output_dim), or the table (input_dim, output_dim), which on TensorFlow is the variable.
    """

    def add_weight(self, *args: Any, **kwargs: Any) -> keras.Variable:
        """Create the table; it is never cast as a whole."""
        return super().add_weight(*args, **kwargs, autocast=False)

    def call(self, inputs: Tensor, return_table: bool = False) -> Tensor:
        """Look up the vectors, see the class."""
        if keras.backend.backend() != "tensorflow":
            return ops.convert_to_tensor(self.embeddings) if return_table else super().call(inputs)
        import tensorflow as tf

        table = replica_variable(self.embeddings)
        return table if return_table else ops.cast(tf.gather(table, ops.cast(inputs, "int32")), self.compute_dtype)

    def compute_output_spec(self, inputs: Tensor, return_table: bool = False) -> keras.KerasTensor:
        """Return shape and dtype of the vectors or of the table."""
        if return_table:
            return keras.KerasTensor((self.input_dim, self.output_dim), dtype=self.variable_dtype)
        return super().compute_output_spec(inputs)


def replica_variable(variable: keras.Variable) -> Any:
    """Return the TensorFlow variable of the current replica.

    ``tf.gather`` reads single rows of it, but would read all rows of a variable that is mirrored over replicas.
    """
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None:
        return variable.value
    local = context.strategy.experimental_local_results(variable.value)
    return local[int(tf.get_static_value(context.replica_id_in_sync_group)) % len(local)]
