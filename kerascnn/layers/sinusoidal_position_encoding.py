"""Sinusoidal position encoding."""

from __future__ import annotations

import math

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class SinusoidalPositionEncoding(keras.layers.Layer):
    """Adds a fixed encoding of its position to each vector (Vaswani et al. 2017, section 3.5).

    The first half of the channels is ``sin(t / 10000^(i / half))``, the second half the cosine. A document may be
    longer than those seen in training.

    Call arguments:
        inputs: (batch, time, channels), with an even number of channels.

    Returns:
        (batch, time, channels).
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Add the encoding, see the class."""
        half = inputs.shape[-1] // 2
        rates = ops.exp(ops.arange(half, dtype="float32") * (-math.log(10_000) / half))
        # A cumulative sum instead of arange(time): the length of a batch is unknown when the graph is traced.
        times = ops.cumsum(ops.ones_like(inputs[:1, :, :1], dtype="float32"), axis=1) - 1
        angles = times * rates
        return inputs + ops.cast(ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1), inputs.dtype)
