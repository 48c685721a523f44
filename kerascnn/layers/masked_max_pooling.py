"""Max pooling with a stride that ignores padding."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.masked_global_pooling import lowest_at_padding
from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class MaskedMaxPooling1D(keras.layers.Layer):
    """Shortens a sequence: takes the maximum of each window of ``pool_size`` positions, without padding.

    The first window starts at the first position whatever the length, so that padding shifts no window.

    Args:
        pool_size: Number of positions in a window, 1 or more.
        strides: Distance between the starts of two windows, 1 or more; None: ``pool_size``.

    Call arguments:
        inputs: (batch, time, channels).
        valid: (batch, time, 1), 1 at tokens and 0 at padding.

    Returns:
        The pooled inputs, (batch, ceil(time / strides), channels), zeros at padding; and their mask,
        (batch, ceil(time / strides), 1).
    """

    def __init__(self, *, pool_size: int = 2, strides: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides = pool_size, strides or pool_size

    def call(self, inputs: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the sequence, see the class."""
        inputs, valid = self._pad(inputs), self._pad(valid)
        pooled_valid = self._pool(valid)
        return self._pool(lowest_at_padding(inputs, valid)) * pooled_valid, pooled_valid

    def _pad(self, inputs: Tensor) -> Tensor:
        """Append positions, so that the last window is complete."""
        return ops.pad(inputs, [[0, 0], [0, self.pool_size - 1], [0, 0]])

    def _pool(self, inputs: Tensor) -> Tensor:
        return ops.max_pool(inputs, self.pool_size, strides=self.strides, padding="valid", data_format="channels_last")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "pool_size": self.pool_size, "strides": self.strides}
