"""Tf-idf features of the character n-grams inside words, which fold into one row per word of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kerascnn.data.batches import RaggedIds
from kerascnn.layers.tfidf_linear import TfidfLinear
from kerascnn.linear.ngram_features import apply_term_frequency, count_ngrams
from kerascnn.text.vocabulary import RESERVED_TOKENS

MIN_WORDS = 2
"""Words of the vocabulary that a character n-gram occurs in; one that occurs in a single word adds nothing to it."""
SCALE = 0.5
"""Norm of the vector of the characters; that of the n-grams of words has the norm 1. On validation data of six sets,
one half was never far from the best, while 1 was worse for questions and topics, and 0 for opinions and few rows."""
MAX_VALUES = 8_000_000
"""Largest number of nonzero features of the training documents. With more text, words are known well enough, and
solving would take longer than training the network."""


@dataclass(frozen=True)
class CharacterFeatures:
    """The sum of the vectors of a document's words, with the norm ``SCALE`` that it would have if they were orthogonal.

    The vector of a word has the inverse document frequency of each of its character n-grams. The word starts and ends
    with a space, as for ``analyzer="char_wb"`` of scikit-learn. The norm ignores that words share n-grams. It is as
    accurate as the exact norm, and the scores of a document are a weighted sum of one row per word.
    """

    words: sparse.csr_matrix
    """Vector of each token of the vocabulary, float64 (vocabulary_size, columns)."""

    @classmethod
    def adapt(cls, ids: RaggedIds, vocabulary: Sequence[str], *, sizes: tuple[int, ...]) -> CharacterFeatures | None:
        """Return the features of a vocabulary; None if there would be none, or too many.

        Args:
            ids: Training documents.
            vocabulary: Tokens by id.
            sizes: Lengths of the character n-grams.
        """
        words = _contained_ngrams(vocabulary, sizes)
        counts = _count_words(ids, len(vocabulary))
        if words is None or (counts > 0).dot(np.diff(words.indptr)).sum() > MAX_VALUES:
            return None
        documents, frequencies = len(ids), np.bincount((counts @ words).indices, minlength=words.shape[1])
        idf = np.where(frequencies, np.log((1 + documents) / (1 + frequencies)) + 1, 0.0)
        return cls(sparse.csr_matrix(words @ sparse.diags(idf)))

    @property
    def squared_norms(self) -> np.ndarray:
        """Squared norm of the vector of each word, (vocabulary_size,)."""
        return np.asarray(self.words.multiply(self.words).sum(axis=1)).ravel()

    def transform(self, ids: RaggedIds) -> sparse.csr_matrix:
        """Return the features, float64 (documents, columns)."""
        frequencies = apply_term_frequency(_count_words(ids, self.words.shape[0]))
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


def _count_words(ids: RaggedIds, vocabulary_size: int) -> sparse.csr_matrix:
    counts = count_ngrams(ids, sizes=(1,), buckets=1, vocabulary_size=vocabulary_size)
    return counts[:, :vocabulary_size]


def _contained_ngrams(vocabulary: Sequence[str], sizes: tuple[int, ...]) -> sparse.csr_matrix | None:
    """Return 1 where a token contains an n-gram, float64 (tokens, n-grams); None without n-grams."""
    from sklearn.feature_extraction.text import CountVectorizer  # deferred: import of the layers stays fast

    vectorizer = CountVectorizer(
        analyzer="char_wb", ngram_range=(min(sizes), max(sizes)), lowercase=False, binary=True, dtype=np.float64,
        min_df=MIN_WORDS,
    )  # fmt: skip
    words = ["" if number < len(RESERVED_TOKENS) else word for number, word in enumerate(vocabulary)]
    try:
        return sparse.csr_matrix(vectorizer.fit_transform(words))
    except ValueError:  # no n-gram occurs in enough words
        return None
