"""Near-duplicates: texts that share most of their runs of adjacent tokens.

The similarity of two texts is the Jaccard index of their sets of shingles, runs of so many tokens (Broder 1997, On the
resemblance and containment of documents); marks stand before and behind the text. It is 1 where the shingles are the
same. A text of n different tokens that has one replaced keeps (n - 1) / (n - 1 + 2 * width) of them: 0.8 is one word of
17 in pairs of words, or one character of 25 in runs of three. Candidates are found by MinHash signatures in bands
(Leskovec, Rajaraman & Ullman, Mining of Massive Datasets, chapter 3), then compared exactly.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

SIMILAR = 0.8
"""Jaccard index from which texts are near-duplicates."""
WIDTHS = {"word": 2, "character": 3}
"""Tokens of a shingle, by level; long texts of few different letters share most of their pairs."""
# Texts of similarity s meet in a band with the probability 1 - (1 - s**ROWS)**BANDS: 0.998 at 0.8, 0.4 at 0.5.
_BANDS, _ROWS = 16, 5
_CHUNK = 1_000_000


def find_near_duplicates(values: np.ndarray, row_splits: np.ndarray, width: int) -> np.ndarray:
    """For each document the first one that it nearly repeats, by a chain of near-duplicates.

    Args:
        values: Ids of the tokens of all documents one after the other, integers from 0 (tokens,).
        row_splits: Where each document begins, (documents + 1,).
        width: Tokens of a shingle, 2 or more.

    Returns:
        int64 (documents,); a document's own position where it repeats none before it.
    """
    documents = len(row_splits) - 1
    signatures = _signatures(values, row_splits, width)
    pairs = _candidates(signatures)
    alike = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    sets = _Sets(values, row_splits, width)
    # three standard errors of the estimate below the threshold
    pairs = pairs[alike >= SIMILAR - 3 * np.sqrt(SIMILAR * (1 - SIMILAR) / signatures.shape[1])]
    near = np.array([pair for pair in pairs.tolist() if sets.jaccard(*pair) >= SIMILAR], np.int64).reshape(-1, 2)
    links = csr_array((np.ones(len(near), bool), (near[:, 0], near[:, 1])), shape=(documents, documents))
    group = connected_components(links, directed=False)[1]
    first = np.full(documents, documents)
    np.minimum.at(first, group, np.arange(documents))
    return first[group]


def _signatures(values: np.ndarray, row_splits: np.ndarray, width: int) -> np.ndarray:
    """MinHash signatures, uint32 (documents, bands * rows)."""
    generator = np.random.default_rng(0)
    multipliers = generator.integers(1, 2**63, _BANDS * _ROWS, np.uint64) * np.uint64(2) + np.uint64(1)
    found = np.empty((len(row_splits) - 1, len(multipliers)), np.uint32)
    start = 0
    while start < len(found):
        stop = max(start + 1, int(np.searchsorted(row_splits, row_splits[start] + _CHUNK, side="right")) - 1)
        splits = row_splits[start : stop + 1]
        shingles = _shingles(values[splits[0] : splits[-1]], splits - splits[0], width)
        begins = splits[:-1] - splits[0] + (width - 1) * np.arange(stop - start)
        for number, multiplier in enumerate(multipliers):
            # multiply-shift hashing (Dietzfelbinger et al. 1997): the upper half of the product
            hashed = ((shingles * multiplier) >> np.uint64(32)).astype(np.uint32)
            found[start:stop, number] = np.minimum.reduceat(hashed, begins)
        start = stop
    return found


def _shingles(values: np.ndarray, row_splits: np.ndarray, width: int) -> np.ndarray:
    """A number for each shingle, document after document, uint64 (tokens + documents * (width - 1),).

    A document has width - 1 shingles more than tokens: those marks stand before each, and behind the last.
    """
    documents, marks = len(row_splits) - 1, width - 1
    place = np.arange(len(values)) + marks * (1 + np.repeat(np.arange(documents), np.diff(row_splits)))
    marked = np.zeros(len(values) + marks * (documents + 1), np.uint64)
    marked[place] = values + 1
    found = np.zeros(len(marked) - marks, np.uint64)
    for offset in range(width):
        found = _mixed(found * np.uint64(0x9E3779B97F4A7C15) + marked[offset : offset + len(found)])
    return found


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Numbers whose bits all depend on all bits of the given ones (the finalizer of MurmurHash3)."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        numbers = (numbers ^ (numbers >> np.uint64(33))) * np.uint64(factor)
    return numbers ^ (numbers >> np.uint64(33))


def _candidates(signatures: np.ndarray) -> np.ndarray:
    """Neighbours of equal rows in any band, int64 (pairs, 2), the lower first, each once."""
    pairs = []
    for band in np.split(signatures, _BANDS, axis=1):
        key = np.zeros(len(band), np.uint64)
        for column in band.T:
            key = _mixed(key ^ column)
        order = np.argsort(key, kind="stable")
        same = key[order][1:] == key[order][:-1]
        pairs.append(np.stack([order[:-1][same], order[1:][same]], axis=1))
    return np.unique(np.concatenate(pairs), axis=0)


class _Sets:
    """Sets of shingles, made when they are first asked for."""

    def __init__(self, values: np.ndarray, row_splits: np.ndarray, width: int) -> None:
        self._values, self._row_splits, self._width = values, row_splits, width
        self._sets: dict[int, frozenset[int]] = {}

    def jaccard(self, one: int, other: int) -> float:
        """Similarity of two documents, 0 to 1."""
        a, b = self._of(one), self._of(other)
        shared = len(a & b)
        return shared / (len(a) + len(b) - shared)

    def _of(self, document: int) -> frozenset[int]:
        if document not in self._sets:
            tokens = self._values[self._row_splits[document] : self._row_splits[document + 1]]
            shingles = _shingles(tokens, np.array([0, len(tokens)]), self._width)
            self._sets[document] = frozenset(shingles.tolist())
        return self._sets[document]
