"""Pooling over time that never sees padding."""

from __future__ import annotations

from typing import Literal, get_args

import keras
from keras import ops

Pooling = Literal["max", "average", "both", "sqrtn"]

ALMOST_HALF = 0.5 + 1e-7
"""Of one half TFLite would make a square root, whose 8-bit version knows no lengths below those of calibration."""


@keras.saving.register_keras_serializable(package="kerascnn")
class MaskedPooling(keras.layers.Layer):
    """Pools a sequence over time to one vector (Collobert et al. 2011, section 3.3).

    Args:
        pooling: "max", "average", "both" (maxima, then averages), or "sqrtn": the sum divided by the root of the
            number of tokens, whose spread does not fall as texts grow longer.
        nonnegative: No input is below 0, as behind a ReLU: a zero can then hide padding, which is far cheaper to train
            than the lowest value of each channel.

    Returns of a call:
        (batch, channels), or (batch, 2 * channels) for "both"; zeros for a document without a token.
    """

    def __init__(self, *, pooling: Pooling = "max", nonnegative: bool = False, **kwargs):
        super().__init__(**kwargs)
        if pooling not in get_args(Pooling):
            raise ValueError(f"pooling is one of {', '.join(get_args(Pooling))}. Received: {pooling!r}")
        self.pooling, self.nonnegative = pooling, nonnegative
        self.supports_masking = True

    def compute_mask(self, inputs, valid, mask=None):
        """Nothing to hide is left, also where a recurrent layer below attached Keras' own mask."""
        return None

    def call(self, inputs, valid):
        """Args: inputs (batch, time, channels); valid (batch, time, 1), 1 for a token and 0 for padding."""
        pooled = []
        if self.pooling in ("max", "both"):
            pooled.append(self._maxima(inputs, valid))
        if self.pooling in ("average", "both"):
            pooled.append(ops.sum(inputs * valid, axis=1) / ops.maximum(ops.sum(valid, axis=1), 1))
        if self.pooling == "sqrtn":
            number = ops.maximum(ops.sum(valid, axis=1), 1)
            pooled.append(ops.sum(inputs * valid, axis=1) / ops.power(number, ALMOST_HALF))
        return ops.concatenate(pooled, axis=-1)

    def _maxima(self, inputs, valid):
        if self.nonnegative:
            return ops.max(inputs * valid, axis=1)
        return ops.max(_without_padding(inputs, valid), axis=1) * ops.max(valid, axis=1)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "pooling": self.pooling, "nonnegative": self.nonnegative}


@keras.saving.register_keras_serializable(package="kerascnn")
class MaskedMaxPooling(keras.layers.Layer):
    """Shortens a sequence: the maximum of ``pool_size`` positions at every ``strides``-th one.

    Windows start at the first position, whatever the length, so that padding moves none of them.

    Args:
        pool_size: Positions in a window, 1 or more.
        strides: Positions from the start of one window to the next, 1 or more; None: ``pool_size``.

    Returns of a call:
        The pooled inputs (batch, ceil(time / strides), channels), zeros where padding stands, and their mask
        (batch, ceil(time / strides), 1).
    """

    def __init__(self, *, pool_size: int = 2, strides: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides = pool_size, strides or pool_size

    def call(self, inputs, valid):
        """Args: inputs (batch, time, channels); valid (batch, time, 1), 1 for a token and 0 for padding."""
        inputs, valid = self._whole_windows(inputs), self._whole_windows(valid)
        pooled_valid = self._pool(valid)
        return self._pool(_without_padding(inputs, valid)) * pooled_valid, pooled_valid

    def _whole_windows(self, inputs):
        return ops.pad(inputs, [[0, 0], [0, self.pool_size - 1], [0, 0]])

    def _pool(self, inputs):
        return ops.max_pool(inputs, self.pool_size, strides=self.strides, padding="valid", data_format="channels_last")

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "pool_size": self.pool_size, "strides": self.strides}


def _without_padding(inputs, valid):
    """Put the lowest value of its channel where padding stands, which is never above that of a token.

    A constant far below all values would do the same, but would leave a network of 8 bits no other value to tell apart.
    """
    return ops.where(valid > 0, inputs, ops.min(inputs, axis=1, keepdims=True))
