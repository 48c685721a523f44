"""Mask of the positions that hold a token."""

from __future__ import annotations

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class PaddingMask(keras.layers.Layer):
    """Computes a mask that is 1 at tokens and 0 at padding.

    The mask is an ordinary tensor instead of an implicit Keras mask: to multiply by it is one op on every backend and
    in TFLite.

    Call arguments:
        ids: Integers (batch, time), 0 is padding.

    Returns:
        (batch, time, 1), in the compute dtype of the layer.
    """

    def call(self, ids: Tensor) -> Tensor:
        """Compute the mask, see the class."""
        return ops.expand_dims(ops.cast(ops.not_equal(ids, 0), self.compute_dtype), -1)
