"""Tf-idf features of hashed n-grams as a sparse matrix, the same as ``TfidfLinear`` uses inside a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kerascnn.data.ragged import RaggedIds
from kerascnn.layers.hashed_ngrams import MAX_BUCKETS, MULTIPLIER
from kerascnn.layers.tfidf_linear import TfidfLinear, term_frequency

BUCKETS_PER_NGRAM = 16
"""Fewest buckets per n-gram of the training documents, where the table has room. A new n-gram then meets a known one in
one of sixteen lookups. With few documents most n-grams are new, and each collision adds the weight of another one."""
MAX_TABLE_SIZE = 2**24
"""Largest number of coefficients, buckets times classes."""
PIECE_TOKENS = 2**19
"""Tokens that are counted at once: counting takes 150 bytes a token, the features of two n-grams a token only 24."""


def count_ngrams(ids: RaggedIds, *, sizes: tuple[int, ...], buckets: int, vocabulary_size: int) -> sparse.csr_matrix:
    """Count the n-grams of each document by their row, see ``HashedNGrams``.

    Returns:
        Counts, float64 (documents, vocabulary_size + buckets).
    """
    values, owners = ids.values.astype(np.int64), np.repeat(np.arange(len(ids)), ids.lengths)
    hashes, documents, rows = values % buckets, [], []
    for size in range(1, max(sizes) + 1):
        if size > 1:
            hashes = (hashes[:-1] * MULTIPLIER + values[size - 1 :]) % buckets
        if size in sizes:
            is_inside = owners[: len(hashes)] == owners[size - 1 :]
            documents.append(owners[: len(hashes)][is_inside])
            rows.append((hashes + vocabulary_size if size > 1 else values)[is_inside])
    cells = np.concatenate(documents), np.concatenate(rows)
    return sparse.csr_matrix((np.ones(len(cells[0])), cells), (len(ids), vocabulary_size + buckets))


def split_documents(ids: RaggedIds) -> Iterator[RaggedIds]:
    """Yield the documents in pieces of about ``PIECE_TOKENS`` tokens, at least one piece."""
    start, splits = 0, ids.row_splits
    while True:
        end = np.searchsorted(splits, splits[start] + PIECE_TOKENS, side="right") - 1
        stop = min(max(int(end), start + 1), len(ids))
        yield RaggedIds(ids.values[splits[start] : splits[stop]], splits[start : stop + 1] - splits[start])
        if stop == len(ids):
            return
        start = stop


def prepend(ids: RaggedIds, token: int) -> RaggedIds:
    """Return documents that begin with a token."""
    values = np.insert(ids.values, ids.row_splits[:-1], token)
    return RaggedIds(values, ids.row_splits + np.arange(len(ids) + 1))


def choose_buckets(ids: RaggedIds, *, sizes: tuple[int, ...], vocabulary_size: int, num_classes: int) -> int:
    """Return the number of buckets for the n-grams of training documents, a power of two."""
    frequencies = count_documents(ids, sizes=sizes, buckets=MAX_BUCKETS, vocabulary_size=vocabulary_size)
    distinct = int(np.count_nonzero(frequencies[vocabulary_size:]))
    buckets = 1 << int(np.ceil(np.log2(max(BUCKETS_PER_NGRAM * distinct, 2))))
    return max(2, min(buckets, MAX_BUCKETS, 1 << int(np.log2(MAX_TABLE_SIZE / num_classes))))


@dataclass(frozen=True)
class NGramFeatures:
    """Tf-idf features of n-grams: sublinear counts, inverse document frequencies, L2 norm 1.

    Documents begin with a start token, which is a part of longer n-grams and no feature of its own.
    """

    sizes: tuple[int, ...]
    buckets: int
    vocabulary_size: int
    idf: np.ndarray
    """Inverse document frequency of each row, (rows,); 0 for rows without an n-gram of a training document."""

    @classmethod
    def adapt(cls, ids: RaggedIds, *, sizes: tuple[int, ...], vocabulary_size: int, num_classes: int) -> NGramFeatures:
        """Choose the number of buckets and count document frequencies."""
        ids, start = prepend(ids, vocabulary_size), vocabulary_size
        buckets = choose_buckets(ids, sizes=sizes, vocabulary_size=start + 1, num_classes=num_classes)
        frequencies = count_documents(ids, sizes=sizes, buckets=buckets, vocabulary_size=start + 1)
        idf = inverse_document_frequencies(frequencies, len(ids))
        idf[start] = 0
        return cls(sizes, buckets, vocabulary_size, idf)

    @property
    def columns(self) -> np.ndarray:
        """Rows of the hash table that are columns of the matrix, int (columns,)."""
        return np.flatnonzero(self.idf)

    def transform(self, ids: RaggedIds) -> sparse.csr_matrix:
        """Return the features, float64 (documents, columns)."""
        return sparse.csr_matrix(sparse.vstack([self._transform_piece(piece) for piece in split_documents(ids)]))

    def _transform_piece(self, ids: RaggedIds) -> sparse.csr_matrix:
        counts = count_ngrams(
            prepend(ids, self.vocabulary_size), sizes=self.sizes, buckets=self.buckets,
            vocabulary_size=self.vocabulary_size + 1,
        )[:, self.columns]  # fmt: skip
        weights = apply_term_frequency(counts) @ sparse.diags(self.idf[self.columns])
        norms = np.sqrt(np.asarray(weights.multiply(weights).sum(axis=1)).ravel())
        return sparse.csr_matrix(sparse.diags(1 / np.maximum(norms, 1)) @ weights)

    def build_layer(self, coefficients: np.ndarray, bias: np.ndarray, *, name: str) -> TfidfLinear:
        """Return the layer that computes ``transform(ids) @ coefficients + bias``.

        Args:
            coefficients: (columns, classes).
            bias: (classes,).
            name: Name of the layer.
        """
        layer = TfidfLinear(
            coefficients.shape[1], sizes=self.sizes, buckets=self.buckets, vocabulary_size=self.vocabulary_size,
            start_token=True, name=name,
        )  # fmt: skip
        layer.build((None, None))
        table = np.zeros((layer.rows, coefficients.shape[1]))
        table[self.columns] = self.idf[self.columns, None] * coefficients
        layer.set_weights([table, self.idf[: layer.rows], bias])
        return layer


def apply_term_frequency(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Return the matrix with the term frequency of each count."""
    return sparse.csr_matrix((term_frequency(counts.data), counts.indices, counts.indptr), counts.shape)


def count_documents(ids: RaggedIds, *, sizes: tuple[int, ...], buckets: int, vocabulary_size: int) -> np.ndarray:
    """Return the number of documents that have an n-gram, by its row, int (vocabulary_size + buckets,)."""
    frequencies = np.zeros(vocabulary_size + buckets, np.int64)
    for piece in split_documents(ids):
        counts = count_ngrams(piece, sizes=sizes, buckets=buckets, vocabulary_size=vocabulary_size)
        frequencies += np.bincount(counts.indices, minlength=len(frequencies))
    return frequencies


def inverse_document_frequencies(frequencies: np.ndarray, documents: int) -> np.ndarray:
    """Return log((1 + documents) / (1 + document frequency)) + 1, as scikit-learn does; 0 for a frequency of 0.

    Args:
        frequencies: Number of documents that have a feature, (features,).
        documents: Number of all documents.
    """
    return np.where(frequencies, np.log((1 + documents) / (1 + frequencies)) + 1, 0.0)
