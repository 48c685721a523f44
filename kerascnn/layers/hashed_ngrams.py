"""Feature hashing of n-grams."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor

MULTIPLIER = 4093
"""Prime; the largest hash (2**19 - 1) times it, plus any id below 2**20, still fits int32."""
MAX_BUCKETS = 2**19


@keras.saving.register_keras_serializable(package="kerascnn")
class HashedNGrams(keras.layers.Layer):
    """Maps every n-gram of a document to a row of a hash table (Joulin et al. 2017, section 2.2).

    The row of a single token is its id. The row of a longer n-gram t1 ... tn is ``vocabulary_size + h(n)`` with
    ``h(0) = 0`` and ``h(i) = (MULTIPLIER * h(i - 1) + ti) % buckets``; no step overflows int32. Single tokens carry
    most of the information and are few: if they shared rows with rare phrases, accuracy would suffer more than the
    saved rows are worth. Row 0 is padding, and every n-gram that extends into padding.

    Example::

        layer = HashedNGrams(sizes=(1, 2), buckets=1000, vocabulary_size=100)
        layer(np.array([[5, 9, 0]], "int32"))  # (1, 3, 2): rows 5 and 9 for the tokens, 574 for the pair, 0 otherwise

    Args:
        sizes: Lengths n of the n-grams, each 1 or more.
        buckets: Number of rows for all n-grams of two or more tokens, up to ``MAX_BUCKETS``.
        vocabulary_size: Number of ids, which is also the number of rows before the buckets.

    Call arguments:
        ids: int32 (batch, time); 0 is padding and occurs only after the tokens.

    Returns:
        Rows, int32 (batch, time, len(sizes)), of the n-grams that start at each position.

    Raises:
        ValueError: The number of buckets is out of range.
    """

    def __init__(self, *, sizes: tuple[int, ...], buckets: int, vocabulary_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 1 <= buckets <= MAX_BUCKETS:
            raise ValueError(f"buckets must be between 1 and {MAX_BUCKETS}. Received: {buckets}")
        self.sizes, self.buckets, self.vocabulary_size = tuple(sizes), buckets, vocabulary_size

    def call(self, ids: Tensor) -> Tensor:
        """Hash the n-grams, see the class."""
        hashes, rows = ids % self.buckets, {1: ids}
        for size in range(2, max(self.sizes) + 1):
            token = ops.pad(ids, [[0, 0], [0, size - 1]])[:, size - 1 :]
            hashes = (hashes * MULTIPLIER + token) % self.buckets
            rows[size] = ops.where(token != 0, hashes + self.vocabulary_size, 0)
        return ops.stack([rows[size] for size in self.sizes], axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "sizes": self.sizes,
            "buckets": self.buckets,
            "vocabulary_size": self.vocabulary_size,
        }
