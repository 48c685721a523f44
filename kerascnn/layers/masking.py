"""Which positions of a batch hold a token."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class PaddingMask(keras.layers.Layer):
    """Marks the tokens of a batch with 1 and its padding with 0.

    A plain tensor in place of Keras' implicit masks: multiplying by it is one op on every backend and in TFLite.

    Returns of a call:
        (batch, time, 1), in the layer's compute dtype.
    """

    def call(self, ids):
        """Args: ids (batch, time) int, 0 is padding."""
        return ops.expand_dims(ops.cast(ops.not_equal(ids, 0), self.compute_dtype), -1)
