"""Linear classifier over tf-idf vectors of hashed n-grams."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerascnn.layers.hashed_ngrams import HashedNGrams
from kerascnn.layers.masked_global_pooling import ALMOST_HALF
from kerascnn.layers.types import Tensor

MAX_COUNT = 16
"""An n-gram that occurs more often in a document has the same weight as with this count."""


@keras.saving.register_keras_serializable(package="kerascnn")
class TfidfLinear(keras.layers.Layer):
    """Scores of a linear classifier for the tf-idf vector of a document, straight from its ids.

    An n-gram that occurs ``c`` times has the weight ``idf * term_frequency(c)``, and the vector is divided by its norm,
    as by ``sklearn.feature_extraction.text.TfidfVectorizer(sublinear_tf=True)``. The vector itself is never computed.
    The rows of the n-grams are sorted, so that equal ones are neighbors, and each occurrence adds what it adds to the
    term frequency: ``1`` the first one, ``log(r / (r - 1))`` the r-th one. Sorting and comparing convert to builtin
    TFLite ops.

    A document may begin with a token of its own, so that an n-gram can recognize how a text begins.

    The weights are not trainable: ``kerascnn.linear`` solves for them. The layer computes in float32 under every
    policy.

    Args:
        units: Number of classes.
        sizes: Lengths of the n-grams, see ``HashedNGrams``.
        buckets: See ``HashedNGrams``.
        vocabulary_size: See ``HashedNGrams``; without the start token.
        start_token: Whether the token with the id ``vocabulary_size`` is put before each document.

    Call arguments:
        ids: int32 (batch, time); 0 is padding and occurs only after the tokens.

    Returns:
        Scores, float32 (batch, units). Without n-grams of the tables, the bias.
    """

    def __init__(
        self,
        units: int,
        *,
        sizes: tuple[int, ...],
        buckets: int,
        vocabulary_size: int,
        start_token: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "trainable": False})
        self.units, self.start_token = units, start_token
        self.hashing = HashedNGrams(sizes=sizes, buckets=buckets, vocabulary_size=vocabulary_size + start_token)

    @property
    def rows(self) -> int:
        """Number of rows of the tables."""
        buckets = self.hashing.buckets if max(self.hashing.sizes) > 1 else 0
        return self.hashing.vocabulary_size + buckets

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the tables: zeros, until ``set_weights`` gets the result of a solver."""
        options = {"initializer": "zeros", "trainable": False}
        self.coefficients = self.add_weight(shape=(self.rows, self.units), name="coefficients", **options)
        self.norms = self.add_weight(shape=(self.rows,), name="norms", **options)
        self.bias = self.add_weight(shape=(self.units,), name="bias", **options)

    def find_rows(self, ids: Tensor) -> Tensor:
        """Return the row of each n-gram, int32 (batch, time, sizes); with a start token, time is longer by 1."""
        if self.start_token:
            ids = ops.pad(ids, [[0, 0], [1, 0]], constant_values=self.hashing.vocabulary_size - 1)
        return self.hashing(ids)

    def call(self, ids: Tensor) -> Tensor:
        """Compute the scores, see the class."""
        rows = self.find_rows(ids)
        rows = ops.sort(ops.reshape(rows, (ops.shape(rows)[0], -1)), axis=-1)
        before = count_equal_before(rows)
        added, added_to_square = added_term_frequencies()
        weights = ops.take(ops.convert_to_tensor(added), before)
        squares = ops.take(ops.convert_to_tensor(added_to_square), before)
        norms = ops.take(self.norms, rows)  # squared here: 8 bits would round the squares of short words to 0
        norm = ops.sum(squares * norms * norms, axis=1, keepdims=True)
        scores = ops.sum(ops.expand_dims(weights, -1) * ops.take(self.coefficients, rows, axis=0), axis=1)
        # an idf is 0 or at least 1, so that 1 is below every norm but 0; in float16 a smaller limit would be 0
        return scores / ops.power(ops.maximum(norm, 1.0), ALMOST_HALF) + self.bias

    def compute_output_spec(self, ids: Tensor) -> keras.KerasTensor:
        """Return shape and dtype of the scores."""
        return keras.KerasTensor((ids.shape[0], self.units), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        hashing = self.hashing
        return {
            **super().get_config(),
            "units": self.units,
            "sizes": hashing.sizes,
            "buckets": hashing.buckets,
            "vocabulary_size": hashing.vocabulary_size - self.start_token,
            "start_token": self.start_token,
        }


def term_frequency(counts: np.ndarray) -> np.ndarray:
    """Return the weight of n-grams by how often each occurs, from 1; above ``MAX_COUNT`` it no longer grows."""
    return np.asarray(1 + np.log(np.minimum(counts, MAX_COUNT)))


def added_term_frequencies() -> tuple[np.ndarray, np.ndarray]:
    """Return what the first, second ... occurrence adds to the term frequency, and to its square.

    Returns:
        Two arrays, float32 (MAX_COUNT + 1,); the last values are 0.
    """
    frequencies = np.concatenate([[0.0], term_frequency(np.arange(1, MAX_COUNT + 2))])
    return np.diff(frequencies).astype("float32"), np.diff(frequencies**2).astype("float32")


def count_equal_before(rows: Tensor) -> Tensor:
    """Return how many neighbors before each position are equal to it, int32 (batch, time), at most ``MAX_COUNT``.

    Args:
        rows: Sorted along the last axis, int32 (batch, time), 0 or more.
    """
    padded = ops.pad(rows, [[0, 0], [MAX_COUNT, 0]], constant_values=-1)
    equal = [ops.cast(ops.equal(rows, padded[:, MAX_COUNT - k : -k]), "int32") for k in range(1, MAX_COUNT + 1)]
    return sum(equal[1:], start=equal[0])
