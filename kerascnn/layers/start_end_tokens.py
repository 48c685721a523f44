"""Tokens before and a token after every document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class StartEndTokens(keras.layers.Layer):
    """Truncates every document and encloses it in tokens (``[CLS]`` and ``[SEP]``, Devlin et al. 2019, section 3).

    Example::

        StartEndTokens(start=98, end=99, length=3)(np.array([[5, 6, 0, 0]]))  # [[98, 5, 6, 99, 0]]

    Args:
        start: Id of the first token, or ids of the first tokens.
        end: Id of the last token.
        length: Maximum number of tokens per document, without these; None: no limit.

    Call arguments:
        ids: Integers (batch, time); 0 is padding and occurs only after the tokens.

    Returns:
        Integers (batch, min(time, length) + number of these tokens), of the dtype of ``ids``.
    """

    def __init__(self, *, start: int | Sequence[int], end: int, length: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = (start,) if isinstance(start, int) else tuple(start)
        self.end, self.length = end, length

    def call(self, ids: Tensor) -> Tensor:
        """Add the tokens, see the class."""
        ids = ids[:, : self.length]
        for token in reversed(self.start):
            ids = ops.pad(ids, [[0, 0], [1, 0]], constant_values=token)
        previous, ids = ids, ops.pad(ids, [[0, 0], [0, 1]])
        previous = ops.pad(previous, [[0, 0], [1, 0]], constant_values=self.end)
        is_first_padding = ops.logical_and(ids == 0, previous != 0)
        return ops.where(is_first_padding, ops.cast(self.end, ids.dtype), ids)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "start": self.start, "end": self.end, "length": self.length}
