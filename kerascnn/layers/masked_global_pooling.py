"""Global pooling over time that ignores padding."""

from __future__ import annotations

from typing import Any, Literal, get_args

import keras
from keras import ops

from kerascnn.layers.types import Tensor

Pooling = Literal["max", "average", "both", "sqrtn"]

ALMOST_HALF = 0.5 + 1e-7
"""Exponent of the square root in "sqrtn". TFLite would turn exactly one half into its SQRT op, and the 8-bit version of
that op clips lengths below those in the calibration data."""


@keras.saving.register_keras_serializable(package="kerascnn")
class MaskedGlobalPooling1D(keras.layers.Layer):
    """Pools a sequence over time to one vector, without its padding (Collobert et al. 2011, section 3.3).

    Example::

        valid = PaddingMask()(ids)
        features = MaskedGlobalPooling1D(pooling="both")(embedding(ids), valid)  # (batch, 2 * channels)

    Args:
        pooling: "max", "average", "both" (the maxima, then the averages), or "sqrtn": the sum divided by the square
            root of the number of tokens, so that the variance does not depend on the length of the text.
        nonnegative: Whether no input is below 0, as after a ReLU. Padding is then replaced by 0, which is much cheaper
            to train than the lowest value of each channel.

    Call arguments:
        inputs: (batch, time, channels).
        valid: (batch, time, 1), 1 at tokens and 0 at padding.

    Returns:
        (batch, channels), or (batch, 2 * channels) for "both"; zeros for a document without tokens.

    Raises:
        ValueError: The pooling is unknown.
    """

    def __init__(self, *, pooling: Pooling = "max", nonnegative: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pooling not in get_args(Pooling):
            raise ValueError(f"pooling must be one of {', '.join(get_args(Pooling))}. Received: {pooling!r}")
        self.pooling, self.nonnegative = pooling, nonnegative
        self.supports_masking = True

    def compute_mask(self, inputs: Tensor, valid: Tensor, mask: Tensor = None) -> None:
        """Drop the implicit Keras mask that a recurrent layer may attach; the output has no time axis."""

    def call(self, inputs: Tensor, valid: Tensor) -> Tensor:
        """Pool the sequence, see the class."""
        pooled = []
        if self.pooling in ("max", "both"):
            pooled.append(self._maxima(inputs, valid))
        if self.pooling in ("average", "both"):
            pooled.append(ops.sum(inputs * valid, axis=1) / ops.maximum(ops.sum(valid, axis=1), 1))
        if self.pooling == "sqrtn":
            count = ops.maximum(ops.sum(valid, axis=1), 1)
            pooled.append(ops.sum(inputs * valid, axis=1) / ops.power(count, ALMOST_HALF))
        return ops.concatenate(pooled, axis=-1)

    def _maxima(self, inputs: Tensor, valid: Tensor) -> Tensor:
        if self.nonnegative:
            return ops.max(inputs * valid, axis=1)
        return ops.max(lowest_at_padding(inputs, valid), axis=1) * ops.max(valid, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "pooling": self.pooling, "nonnegative": self.nonnegative}


def lowest_at_padding(inputs: Tensor, valid: Tensor) -> Tensor:
    """Replace padding by the lowest value of its channel, so that it is never the only maximum.

    A large negative constant would have the same effect, but would use up the range of values in an 8-bit model.
    """
    return ops.where(valid > 0, inputs, ops.min(inputs, axis=1, keepdims=True))
