"""Features of pretrained word vectors: their sum over a document."""

from __future__ import annotations

import numpy as np

from kerascnn.data.ragged import RaggedIds
from kerascnn.linear import word_features
from kerascnn.linear.word_features import WordFeatures
from kerascnn.text.word_vectors import WordVectors

SMALL_NORM = 0.01
"""Fraction of the vectors whose norm is below 1, see ``WordFeatures.words``."""


def adapt_vector_features(ids: RaggedIds, vectors: WordVectors, *, vocabulary_size: int) -> WordFeatures | None:
    """Return the features of a vocabulary; None if there would be too many, or all vectors are 0.

    Args:
        ids: Training documents.
        vectors: Vectors for the vocabulary.
        vocabulary_size: Number of ids.
    """
    words = np.zeros((vocabulary_size, vectors.rows.shape[1]))
    words[vectors.ids] = vectors.rows
    norms = np.linalg.norm(words, axis=1)
    if len(ids) * words.shape[1] > word_features.MAX_VALUES or not norms.any():
        return None
    return WordFeatures(words / np.quantile(norms[norms > 0], SMALL_NORM))
