"""Pretrained vectors in a model: its embedding starts from them."""

from __future__ import annotations

import keras
import numpy as np

from kerascnn.text.word_vectors import WordVectors

TABLES = ("embedding", "static_embedding")
"""Layers that hold a row for each token."""


def copy_vectors(model: keras.Model, vectors: WordVectors, *, deviation: float, seed: int) -> None:
    """Put the vectors into the rows of their tokens.

    Rows without a vector are drawn with the variance of the others (Kim 2014, section 3.2).

    Args:
        model: Untrained; its layers ``TABLES``, as far as it has them, are set.
        vectors: For the vocabulary of the model.
        deviation: Standard deviation that the vectors' numbers are scaled to; 0: as they stand.
        seed: Seed of the drawn rows.
    """
    found = float(vectors.rows.std())
    scale = deviation / found if deviation else 1.0
    bound = scale * found * 3**0.5  # of the uniform distribution with that deviation
    for table in (layer for layer in model.layers if layer.name in TABLES):
        rows = np.random.default_rng(seed).uniform(-bound, bound, table.embeddings.shape).astype(np.float32)
        rows[vectors.ids] = scale * vectors.rows
        table.set_weights([rows])


def measure_coverage(vectors: WordVectors, values: np.ndarray, vocabulary_size: int) -> dict[str, float]:
    """How much of the training text has a vector.

    Args:
        vectors: For the vocabulary.
        values: Ids of all training tokens, int (tokens,).
        vocabulary_size: Number of ids.

    Returns:
        `vectors_types`: part of the vocabulary, `vectors_tokens`: part of the running tokens, 0 to 1.
    """
    counts = np.bincount(values, minlength=vocabulary_size)
    return {
        "vectors_types": len(vectors.ids) / max(vocabulary_size - 2, 1),
        "vectors_tokens": float(counts[vectors.ids].sum() / max(counts.sum(), 1)),
    }
