"""Documents of one length, for networks that end in dense layers over all positions."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class FixedLength(keras.layers.Layer):
    """Cuts or pads every document to the same number of tokens, so that how far a batch is padded changes nothing.

    Args:
        length: Tokens of every document.
        backwards: The last token first (Zhang, Zhao & LeCun 2015, section 2.2), then the padding.

    Returns of a call:
        ids (batch, length) of the input's dtype.
    """

    def __init__(self, *, length: int, backwards: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.length, self.backwards = length, backwards

    def call(self, ids):
        """Args: ids (batch, time) int, 0 is padding and stands only behind the tokens."""
        ids = ops.reshape(ops.pad(ids, [[0, 0], [0, self.length]])[:, : self.length], (-1, self.length))
        if not self.backwards:
            return ids
        count = ops.sum(ops.cast(ids != 0, "int32"), axis=1, keepdims=True)
        order = count - 1 - ops.arange(self.length, dtype="int32")
        tokens = ops.take_along_axis(ids, ops.maximum(order, 0), axis=1)
        return ops.where(order >= 0, tokens, ops.zeros_like(tokens))

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "length": self.length, "backwards": self.backwards}


@keras.saving.register_keras_serializable(package="kerascnn")
class OneHot(keras.layers.Layer):
    """One-hot vectors of the known tokens; padding (0) and the unknown token (1) are all zeros.

    Args:
        vocabulary_size: Number of ids, 0 and 1 included.

    Returns of a call:
        (batch, time, vocabulary_size - 2), in the layer's compute dtype.
    """

    def __init__(self, *, vocabulary_size: int, **kwargs):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size

    def call(self, ids):
        """Args: ids (batch, time) int."""
        return ops.one_hot(ids, self.vocabulary_size, dtype=self.compute_dtype)[:, :, 2:]

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "vocabulary_size": self.vocabulary_size}


@keras.saving.register_keras_serializable(package="kerascnn")
class KMaxPooling(keras.layers.Layer):
    """The k largest values of each channel, in the order in which they stand (Kalchbrenner et al. 2014, section 3.3).

    Args:
        k: Values to keep, up to the number of positions.

    Returns of a call:
        (batch, k, channels).
    """

    def __init__(self, *, k: int, **kwargs):
        super().__init__(**kwargs)
        self.k = k

    def call(self, inputs):
        """Args: inputs (batch, time, channels), time at least k."""
        channels = ops.transpose(inputs, (0, 2, 1))
        _, positions = ops.top_k(channels, self.k)
        largest = ops.take_along_axis(channels, ops.sort(positions, axis=-1), axis=-1)
        return ops.transpose(largest, (0, 2, 1))

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "k": self.k}
