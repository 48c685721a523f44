"""Find near-duplicates: texts that have most of their sequences of adjacent tokens in common.

The similarity of two texts is the Jaccard index of their sets of shingles, sequences of ``width`` tokens (Broder 1997,
On the resemblance and containment of documents), with boundary symbols before and after the text. It is 1 if the
shingles are the same. A text of n different tokens, one of which is replaced, keeps (n - 1) / (n - 1 + 2 * width) of
them: 0.8 is one word of 17 with pairs of words, or one character of 25 with sequences of three. Candidates come from
MinHash signatures in bands (Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, chapter 3), and are then compared
exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

SIMILARITY = 0.8
"""Jaccard index from which texts are near-duplicates."""
# Texts of similarity s have a band in common with the probability 1 - (1 - s**ROWS)**BANDS: 0.998 at 0.8, 0.4 at 0.5.
_BANDS, _ROWS = 16, 5
_CHUNK = 1_000_000


def find_first_similar(values: np.ndarray, row_splits: np.ndarray, width: int) -> np.ndarray:
    """Return for each document the first document that it is similar to, directly or through other documents.

    Args:
        values: Numbers of the tokens of all documents, concatenated, integers from 0 (tokens,).
        row_splits: Start of each document, and the end of the last, (documents + 1,).
        width: Tokens of a shingle, 2 or more.

    Returns:
        int64 (documents,); a document's own position if it is similar to none before it.
    """
    documents = len(row_splits) - 1
    signatures = _compute_signatures(values, row_splits, width)
    pairs = _find_candidates(signatures)
    estimates = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    shingle_sets = _ShingleSets(values, row_splits, width)
    # three standard errors of the estimate below the threshold
    pairs = pairs[estimates >= SIMILARITY - 3 * np.sqrt(SIMILARITY * (1 - SIMILARITY) / signatures.shape[1])]
    similar = [pair for pair in pairs.tolist() if shingle_sets.jaccard(*pair) >= SIMILARITY]
    edges = np.array(similar, np.int64).reshape(-1, 2)
    graph = csr_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(documents, documents))
    group = connected_components(graph, directed=False)[1]
    first = np.full(documents, documents)
    np.minimum.at(first, group, np.arange(documents))
    return np.asarray(first[group])


def _compute_signatures(values: np.ndarray, row_splits: np.ndarray, width: int) -> np.ndarray:
    """Return MinHash signatures, uint32 (documents, bands * rows)."""
    generator = np.random.default_rng(0)
    multipliers = generator.integers(1, 2**63, _BANDS * _ROWS, np.uint64) * np.uint64(2) + np.uint64(1)
    signatures = np.empty((len(row_splits) - 1, len(multipliers)), np.uint32)
    start = 0
    while start < len(signatures):
        stop = max(start + 1, int(np.searchsorted(row_splits, row_splits[start] + _CHUNK, side="right")) - 1)
        splits = row_splits[start : stop + 1]
        shingles = _hash_shingles(values[splits[0] : splits[-1]], splits - splits[0], width)
        starts = splits[:-1] - splits[0] + (width - 1) * np.arange(stop - start)
        for number, multiplier in enumerate(multipliers):
            # multiply-shift hashing (Dietzfelbinger et al. 1997): the upper half of the product
            hashed = ((shingles * multiplier) >> np.uint64(32)).astype(np.uint32)
            signatures[start:stop, number] = np.minimum.reduceat(hashed, starts)
        start = stop
    return signatures


def _hash_shingles(values: np.ndarray, row_splits: np.ndarray, width: int) -> np.ndarray:
    """Return a hash of each shingle, document after document, uint64 (tokens + documents * (width - 1),).

    A document has width - 1 more shingles than tokens: width - 1 boundary symbols precede each document and follow the
    last.
    """
    documents, boundary = len(row_splits) - 1, width - 1
    positions = np.arange(len(values)) + boundary * (1 + np.repeat(np.arange(documents), np.diff(row_splits)))
    symbols = np.zeros(len(values) + boundary * (documents + 1), np.uint64)
    symbols[positions] = values + 1
    hashes = np.zeros(len(symbols) - boundary, np.uint64)
    for offset in range(width):
        hashes = _mix_bits(hashes * np.uint64(0x9E3779B97F4A7C15) + symbols[offset : offset + len(hashes)])
    return hashes


def _mix_bits(numbers: np.ndarray) -> np.ndarray:
    """Return numbers whose bits all depend on all bits of the given ones (the finalizer of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(factor)
    return np.asarray(numbers ^ (numbers >> np.uint64(33)))


def _find_candidates(signatures: np.ndarray) -> np.ndarray:
    """Return pairs of documents with the same band, int64 (pairs, 2), the lower first, each once."""
    pairs = []
    for band in np.split(signatures, _BANDS, axis=1):
        key = np.zeros(len(band), np.uint64)
        for column in band.T:
            key = _mix_bits(key ^ column)
        order = np.argsort(key, kind="stable")
        same = key[order][1:] == key[order][:-1]
        pairs.append(np.stack([order[:-1][same], order[1:][same]], axis=1))
    return np.unique(np.concatenate(pairs), axis=0)


class _ShingleSets:
    """Sets of shingles, cached."""

    def __init__(self, values: np.ndarray, row_splits: np.ndarray, width: int) -> None:
        self._values, self._row_splits, self._width = values, row_splits, width
        self._sets: dict[int, frozenset[int]] = {}

    def jaccard(self, one: int, other: int) -> float:
        """Return the similarity of two documents, 0 to 1."""
        a, b = self._get(one), self._get(other)
        common = len(a & b)
        return common / (len(a) + len(b) - common)

    def _get(self, document: int) -> frozenset[int]:
        if document not in self._sets:
            tokens = self._values[self._row_splits[document] : self._row_splits[document + 1]]
            shingles = _hash_shingles(tokens, np.array([0, len(tokens)]), self._width)
            self._sets[document] = frozenset(shingles.tolist())
        return self._sets[document]
