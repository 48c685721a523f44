"""k-max pooling over time."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class KMaxPooling1D(keras.layers.Layer):
    """Keeps the k largest values of each channel in their original order (Kalchbrenner et al. 2014, section 3.3).

    Example::

        KMaxPooling1D(k=2)(np.array([[[3.0], [9.0], [4.0], [7.0]]]))  # [[[9.0], [7.0]]]

    Args:
        k: Number of values to keep, at most the number of positions.

    Call arguments:
        inputs: (batch, time, channels), time at least k.

    Returns:
        (batch, k, channels).
    """

    def __init__(self, *, k: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = k

    def call(self, inputs: Tensor) -> Tensor:
        """Pool the sequence, see the class."""
        channels = ops.transpose(inputs, (0, 2, 1))
        _, positions = ops.top_k(channels, self.k)
        largest = ops.take_along_axis(channels, ops.sort(positions, axis=-1), axis=-1)
        return ops.transpose(largest, (0, 2, 1))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "k": self.k}
