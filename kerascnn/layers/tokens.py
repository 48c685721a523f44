"""Layers that read token ids: dropout of whole tokens, a start token, and hashed n-grams."""

from __future__ import annotations

import keras
from keras import ops

UNKNOWN = 1
MULTIPLIER = 4093
"""Prime; the largest hash (2**19 - 1) times it, plus any id below 2**20, still fits int32."""
MAX_BUCKETS = 2**19


@keras.saving.register_keras_serializable(package="kerascnn")
class TokenDropout(keras.layers.Layer):
    """Replaces tokens by the unknown token in training, so that no single word is relied on (Iyyer et al. 2015).

    Args:
        rate: Part of the tokens to replace, 0 to 1; padding stays padding.
        seed: Seed of the choice.

    Returns of a call:
        ids (batch, time) of the input's dtype.
    """

    def __init__(self, *, rate: float, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, ids, training=None):
        """Args: ids (batch, time) int, 0 is padding."""
        if not training or self.rate == 0:
            return ids
        dropped = keras.random.uniform(ops.shape(ids), seed=self.seed_generator) < self.rate
        return ops.where(ops.logical_and(dropped, ids != 0), ops.cast(UNKNOWN, ids.dtype), ids)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable(package="kerascnn")
class StartToken(keras.layers.Layer):
    """Puts one token before every document, so that a filter or an n-gram can tell what a document begins with.

    Args:
        id: The token's id; one that no word has.

    Returns of a call:
        ids (batch, 1 + time) of the input's dtype.
    """

    def __init__(self, *, id: int, **kwargs):
        super().__init__(**kwargs)
        self.id = id

    def call(self, ids):
        """Args: ids (batch, time) int, 0 is padding."""
        return ops.pad(ids, [[0, 0], [1, 0]], constant_values=self.id)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "id": self.id}


@keras.saving.register_keras_serializable(package="kerascnn")
class EnclosingTokens(keras.layers.Layer):
    """Puts one token before every document and one behind it (``[CLS]`` and ``[SEP]``, Devlin et al. 2019, section 3).

    Args:
        start: Id of the token before.
        end: Id of the token behind.
        length: Tokens of a document that are kept, without these two.

    Returns of a call:
        ids (batch, time + 2), or (batch, length + 2) where that is less, of the input's dtype.
    """

    def __init__(self, *, start: int, end: int, length: int, **kwargs):
        super().__init__(**kwargs)
        self.start, self.end, self.length = start, end, length

    def call(self, ids):
        """Args: ids (batch, time) int, 0 is padding and stands only behind the tokens."""
        ids = ops.pad(ids[:, : self.length], [[0, 0], [1, 0]], constant_values=self.start)
        before, ids = ids, ops.pad(ids, [[0, 0], [0, 1]])
        before = ops.pad(before, [[0, 0], [1, 0]], constant_values=self.start)
        first_padding = ops.logical_and(ids == 0, before != 0)
        return ops.where(first_padding, ops.cast(self.end, ids.dtype), ids)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "start": self.start, "end": self.end, "length": self.length}


@keras.saving.register_keras_serializable(package="kerascnn")
class HashedNGrams(keras.layers.Layer):
    """Numbers every n-gram of a document with a row of a hash table (Joulin et al. 2017, section 2.2).

    A single token has the row of its id. A longer n-gram t1 ... tn has the row ``vocabulary_size + h(n)`` with
    ``h(0) = 0``, ``h(i) = (MULTIPLIER * h(i - 1) + ti) % buckets``; no step leaves int32. Single tokens say most and
    are few: sharing rows with rare phrases costs more accuracy than the rows that it saves. Row 0 stands for padding
    and for an n-gram that reaches into it.

    Args:
        sizes: Lengths n of the n-grams, each 1 or more.
        buckets: Rows for all n-grams of two tokens and more, up to ``MAX_BUCKETS``.
        vocabulary_size: Number of ids, and of the rows before the buckets.

    Returns of a call:
        Rows (batch, time, number of sizes) int32, for the n-grams that start at each position.
    """

    def __init__(self, *, sizes: tuple[int, ...], buckets: int, vocabulary_size: int, **kwargs):
        super().__init__(**kwargs)
        if not 1 <= buckets <= MAX_BUCKETS:
            raise ValueError(f"buckets lies between 1 and {MAX_BUCKETS}. Received: {buckets}")
        self.sizes, self.buckets, self.vocabulary_size = tuple(sizes), buckets, vocabulary_size

    def call(self, ids):
        """Args: ids (batch, time) int32, 0 is padding and stands only behind the tokens."""
        hashes, rows = ids % self.buckets, {1: ids}
        for size in range(2, max(self.sizes) + 1):
            token = ops.pad(ids, [[0, 0], [0, size - 1]])[:, size - 1 :]
            hashes = (hashes * MULTIPLIER + token) % self.buckets
            rows[size] = ops.where(token != 0, hashes + self.vocabulary_size, 0)
        return ops.stack([rows[size] for size in self.sizes], axis=-1)

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "sizes": self.sizes,
            "buckets": self.buckets,
            "vocabulary_size": self.vocabulary_size,
        }
