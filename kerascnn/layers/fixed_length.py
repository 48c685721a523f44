"""Truncation or padding of documents to one length."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class FixedLength(keras.layers.Layer):
    """Truncates or pads every document to the same number of tokens.

    The result does not depend on the padding of the batch.

    Example::

        FixedLength(length=2, backwards=True)(np.array([[5, 9, 7, 0]]))  # [[9, 5]]

    Args:
        length: Number of tokens per document.
        backwards: Whether to put the last token first, and the padding last (Zhang, Zhao & LeCun 2015, section 2.2).

    Call arguments:
        ids: Integers (batch, time); 0 is padding and occurs only after the tokens.

    Returns:
        Integers (batch, length), of the dtype of ``ids``.
    """

    def __init__(self, *, length: int, backwards: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length, self.backwards = length, backwards

    def call(self, ids: Tensor) -> Tensor:
        """Truncate or pad the documents, see the class."""
        ids = ops.reshape(ops.pad(ids, [[0, 0], [0, self.length]])[:, : self.length], (-1, self.length))
        if not self.backwards:
            return ids
        count = ops.sum(ops.cast(ids != 0, "int32"), axis=1, keepdims=True)
        order = count - 1 - ops.arange(self.length, dtype="int32")
        tokens = ops.take_along_axis(ids, ops.maximum(order, 0), axis=1)
        return ops.where(order >= 0, tokens, ops.zeros_like(tokens))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "length": self.length, "backwards": self.backwards}
