"""A token before every document."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class StartToken(keras.layers.Layer):
    """Prepends a token to every document, so that a filter or an n-gram can recognize how a document begins.

    Example::

        StartToken(id=99)(np.array([[5, 9, 0]]))  # [[99, 5, 9, 0]]

    Args:
        id: Id of the token; no other token has it.

    Call arguments:
        ids: Integers (batch, time), 0 is padding.

    Returns:
        Integers (batch, 1 + time), of the dtype of ``ids``.
    """

    def __init__(self, *, id: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.id = id

    def call(self, ids: Tensor) -> Tensor:
        """Prepend the token, see the class."""
        return ops.pad(ids, [[0, 0], [1, 0]], constant_values=self.id)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "id": self.id}
