"""Features of a document that are the sum of a vector of each of its words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kerascnn.data.ragged import RaggedIds
from kerascnn.layers.tfidf_linear import TfidfLinear
from kerascnn.linear.ngram_features import apply_term_frequency, count_ngrams, split_documents

SCALE = 0.5
"""Norm of the features; that of the n-grams of words has the norm 1. On validation data of six sets, one half was never
far from the best for the vectors of characters, while 1 was worse for questions and topics, and 0 for opinions and few
rows. For pretrained vectors it was as good as one quarter, and better than 1, on three sets with few rows."""
MAX_VALUES = 8_000_000
"""Largest number of nonzero features of the training documents. With more text, words are known well enough, and
solving would take longer than training the network."""


@dataclass(frozen=True)
class WordFeatures:
    """The sum of the vectors of a document's words, with the norm ``SCALE`` that it would have if they were orthogonal.

    The norm ignores that the vectors of words are similar. It is as accurate as the exact norm, and the scores of a
    document are a weighted sum of one row per word.
    """

    words: sparse.csr_matrix | np.ndarray
    """Vector of each token of the vocabulary, float64 (vocabulary_size, columns). A document whose vectors have a
    smaller norm than 1 together has features with a smaller norm than ``SCALE``."""

    @property
    def squared_norms(self) -> np.ndarray:
        """Squared norm of the vector of each word, (vocabulary_size,)."""
        squares = self.words**2 if isinstance(self.words, np.ndarray) else self.words.multiply(self.words)
        return np.asarray(squares.sum(axis=1)).ravel()

    def transform(self, ids: RaggedIds) -> sparse.csr_matrix:
        """Return the features, float64 (documents, columns)."""
        frequencies = apply_term_frequency(count_words(ids, self.words.shape[0]))
        norms = np.sqrt(frequencies.multiply(frequencies) @ self.squared_norms)
        return sparse.csr_matrix(sparse.diags(SCALE / np.maximum(norms, 1)) @ (frequencies @ self.words))

    def build_layer(self, coefficients: np.ndarray, *, name: str) -> TfidfLinear:
        """Return the layer that computes ``transform(ids) @ coefficients``.

        Args:
            coefficients: (columns, classes).
            name: Name of the layer.
        """
        classes = coefficients.shape[1]
        layer = TfidfLinear(classes, sizes=(1,), buckets=1, vocabulary_size=self.words.shape[0], name=name)
        layer.build((None, None))
        layer.set_weights([SCALE * (self.words @ coefficients), np.sqrt(self.squared_norms), np.zeros(classes)])
        return layer


def count_words(ids: RaggedIds, vocabulary_size: int) -> sparse.csr_matrix:
    """Count the tokens of each document, float64 (documents, vocabulary_size)."""
    pieces = (
        count_ngrams(piece, sizes=(1,), buckets=1, vocabulary_size=vocabulary_size) for piece in split_documents(ids)
    )
    return sparse.csr_matrix(sparse.vstack([counts[:, :vocabulary_size] for counts in pieces]))
