"""An embedding that reads only the rows it needs."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class Embedding(keras.layers.Embedding):
    """``keras.layers.Embedding`` whose cost in TensorFlow does not grow with its table.

    The stock layer reads the whole variable before it gathers; once an optimizer has written single rows, TensorFlow
    copies the table for each such read. Gathering from the variable itself copies nothing. In mixed precision the rows
    are cast that were gathered, not the table. Other backends take the stock way.

    Args:
        input_dim: Rows of the table.
        output_dim: Length of a vector.

    Returns of a call:
        (..., output_dim) for ids (...).
    """

    def add_weight(self, *args, **kwargs):
        """The table, which is read as it is whatever the precision of the layer."""
        return super().add_weight(*args, **kwargs, autocast=False)

    def call(self, inputs):
        """Args: inputs (...) int32 or int64, each below ``input_dim``."""
        if keras.backend.backend() != "tensorflow":
            return super().call(inputs)
        import tensorflow as tf

        return ops.cast(tf.gather(of_replica(self.embeddings), ops.cast(inputs, "int32")), self.compute_dtype)


def of_replica(variable: keras.Variable):
    """The TensorFlow variable of this replica.

    ``tf.gather`` reads single rows of it; of a variable that stands for those of all replicas it reads the whole table.
    """
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None:
        return variable.value
    here = context.strategy.experimental_local_results(variable.value)
    return here[int(tf.get_static_value(context.replica_id_in_sync_group)) % len(here)]
