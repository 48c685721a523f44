"""Tf-idf features of the character n-grams inside words, which fold into one row per word of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from kerascnn.data.ragged import RaggedIds
from kerascnn.linear import word_features
from kerascnn.linear.ngram_features import inverse_document_frequencies
from kerascnn.linear.word_features import WordFeatures, count_words
from kerascnn.text.vocabulary import RESERVED_TOKENS

MIN_WORDS = 2
"""Words of the vocabulary that a character n-gram occurs in; one that occurs in a single word adds nothing to it."""


def adapt_character_features(
    ids: RaggedIds, vocabulary: Sequence[str], *, sizes: tuple[int, ...]
) -> WordFeatures | None:
    """Return the features of a vocabulary; None if there would be none, or too many.

    The vector of a word has the inverse document frequency of each of its character n-grams. The word starts and ends
    with a space, as for ``analyzer="char_wb"`` of scikit-learn.

    Args:
        ids: Training documents.
        vocabulary: Tokens by id.
        sizes: Lengths of the character n-grams.
    """
    words = _contained_ngrams(vocabulary, sizes)
    counts = count_words(ids, len(vocabulary))
    if words is None or (counts > 0).dot(np.diff(words.indptr)).sum() > word_features.MAX_VALUES:
        return None
    idf = inverse_document_frequencies(np.bincount((counts @ words).indices, minlength=words.shape[1]), len(ids))
    return WordFeatures(sparse.csr_matrix(words @ sparse.diags(idf)))


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
