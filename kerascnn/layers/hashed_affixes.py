"""Feature hashing of the first and the last characters of words."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.hashed_ngrams import MAX_BUCKETS, MULTIPLIER
from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class HashedAffixes(keras.layers.Layer):
    """Maps the prefixes and the suffixes of each word to rows of a hash table.

    The row of an affix is a hash of its characters, of its length, and of whether it is a prefix. A word that is
    shorter than the affix has a row of its own, as if it were filled up. Row 0 is that of words without characters.

    Example::

        layer = HashedAffixes(prefixes=(1,), suffixes=(1, 2), buckets=1000)
        layer(np.array([[[7, 9, 4, 0], [0, 0, 0, 0]]], "int32"))  # (1, 2, 3): rows of 7, of 4 and of 9 4; then zeros

    Args:
        prefixes: Lengths of the prefixes, each from 1 to the number of characters.
        suffixes: Lengths of the suffixes.
        buckets: Number of rows, from 2 to ``MAX_BUCKETS``.

    Call arguments:
        ids: int32 (batch, time, characters); 0 is padding and occurs only after the characters of a word.

    Returns:
        Rows, int32 (batch, time, prefixes and suffixes).

    Raises:
        ValueError: The number of buckets is out of range.
    """

    def __init__(self, *, prefixes: tuple[int, ...], suffixes: tuple[int, ...], buckets: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 2 <= buckets <= MAX_BUCKETS:
            raise ValueError(f"buckets must be between 2 and {MAX_BUCKETS}. Received: {buckets}")
        self.prefixes, self.suffixes, self.buckets = tuple(prefixes), tuple(suffixes), buckets

    def call(self, ids: Tensor) -> Tensor:
        """Hash the affixes, see the class."""
        is_character = ids != 0
        after = ops.pad(ids, [[0, 0], [0, 0], [0, 1]])[:, :, 1:]
        is_last = ops.cast(ops.logical_and(is_character, after == 0), "int32")
        rows = []
        for size in self.prefixes:
            rows.append(self._hash([ids[:, :, position] for position in range(size)], 2 * size))
        for size in self.suffixes:
            before = ops.pad(ids, [[0, 0], [0, 0], [size - 1, 0]])
            window = [before[:, :, shift : shift + ids.shape[-1]] for shift in range(size)]
            # the only last character of a word has the hash of the suffix
            rows.append(ops.sum(self._hash(window, 2 * size + 1) * is_last, axis=-1))
        found = ops.stack(rows, axis=-1)
        return found * ops.cast(ids[:, :, :1] != 0, "int32")

    def _hash(self, characters: list[Tensor], salt: int) -> Tensor:
        """Return the row of a sequence of characters, from 1; no step overflows int32."""
        hashes: Tensor = characters[0] * 0 + salt
        for character in characters:
            hashes = (hashes * MULTIPLIER + character) % (self.buckets - 1)
        return hashes + 1

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "prefixes": self.prefixes,
            "suffixes": self.suffixes,
            "buckets": self.buckets,
        }
