"""Where in a document a token stands."""

from __future__ import annotations

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class SinusoidalPosition(keras.layers.Layer):
    """Adds to each vector a fixed code of its position (Vaswani et al. 2017, section 3.5).

    The first half of the channels holds ``sin(t / 10000^(i / half))``, the second half the cosine, so that a document
    of any length has codes, also one longer than those seen in training.

    Returns of a call:
        (batch, time, channels), as the inputs.
    """

    def call(self, inputs):
        """Args: inputs (batch, time, channels), an even number of channels."""
        half = inputs.shape[-1] // 2
        rates = ops.exp(ops.arange(half, dtype="float32") * (-math.log(10_000) / half))
        # A running count instead of arange(time): the length of a batch is not known when the graph is made.
        times = ops.cumsum(ops.ones_like(inputs[:1, :, :1], dtype="float32"), axis=1) - 1
        angles = times * rates
        return inputs + ops.cast(ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1), inputs.dtype)
