"""Initialize the embedding of a model with pretrained word vectors."""

from __future__ import annotations

import numpy as np

from kerascnn.models import BuiltModel
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.text.word_vectors import WordVectors

STDDEV, TAGGER_STDDEV = 0.1, 0.3
"""Standard deviations of the components of vectors, for texts and for taggers, if the settings leave it open."""


def copy_vectors(built: BuiltModel, vectors: WordVectors, *, stddev: float, seed: int, default: float = STDDEV) -> None:
    """Copy word vectors to the rows of their tokens.

    Rows without a vector are drawn from a uniform distribution with the variance of the vectors (Kim 2014, section
    3.2).

    Args:
        built: Untrained model; all of its ``embeddings`` are set.
        vectors: Vectors for the vocabulary of the model.
        stddev: Standard deviation that the vectors are scaled to; 0: the vectors are not scaled; negative: the default.
        seed: Seed of the random rows.
        default: The default.
    """
    original = float(vectors.rows.std())
    stddev = default if stddev < 0 else stddev
    scale = stddev / original if stddev else 1.0
    bound = scale * original * 3**0.5  # of the uniform distribution with this standard deviation
    for table in built.embeddings:
        rows = np.random.default_rng(seed).uniform(-bound, bound, table.embeddings.shape).astype(np.float32)
        rows[vectors.ids] = scale * vectors.rows
        table.set_weights([rows])


def measure_coverage(vectors: WordVectors, counts: np.ndarray) -> dict[str, float]:
    """Measure the fraction of the training text that has a vector.

    Args:
        vectors: Vectors for the vocabulary.
        counts: How often each id occurs in the training text, int (vocabulary_size,).

    Returns:
        ``vocabulary_coverage``: fraction of the vocabulary, and ``token_coverage``: fraction of the training tokens,
        that have a vector, 0 to 1.
    """
    return {
        "vocabulary_coverage": len(vectors.ids) / max(len(counts) - len(RESERVED_TOKENS), 1),
        "token_coverage": float(counts[vectors.ids].sum() / max(counts.sum(), 1)),
    }
