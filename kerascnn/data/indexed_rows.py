"""Rows with a number for each text and for each combination of labels, so that all rows are compared at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.data.issues import MAX_EXAMPLES, RowCounter
from kerascnn.data.records import Row


@dataclass(frozen=True)
class IndexedRows:
    """Rows of one split.

    Attributes:
        rows: The rows, a list or ``StoredRows``.
        texts: A number for the text of each row, int64 or uint64 (rows,): equal for equal texts.
        labels: Position of the labels of each row in ``label_sets``, int32 (rows,).
        label_sets: All combinations of labels, the same list for all splits.
    """

    rows: Any
    texts: np.ndarray
    labels: np.ndarray
    label_sets: Sequence[tuple[str, ...]]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.texts)

    def __getitem__(self, position: int) -> Row:
        """Return a row."""
        row: Row = self.rows[int(position)]
        return row

    def select(self, mask: np.ndarray) -> IndexedRows:
        """Return the rows where a mask, bool (rows,), is true."""
        positions = np.flatnonzero(mask)
        rows = self.rows
        selected = [rows[i] for i in positions.tolist()] if isinstance(rows, list) else rows.select(positions)
        return IndexedRows(selected, self.texts[mask], self.labels[mask], self.label_sets)

    def count_sets(self) -> np.ndarray:
        """Return the number of rows with each combination of labels, int (label sets,)."""
        return np.bincount(self.labels, minlength=len(self.label_sets))

    def count_labels(self) -> Counter[str]:
        """Return how often each label occurs."""
        counts: Counter[str] = Counter()
        for labels, number in zip(self.label_sets, self.count_sets().tolist(), strict=True):
            for label in labels if number else ():
                counts[label] += number
        return counts

    def have_any(self, labels: set[str]) -> np.ndarray:
        """Return whether each row has one of some labels, bool (rows,)."""
        of_sets = [not labels.isdisjoint(names) for names in self.label_sets]
        return np.asarray(np.array(of_sets, bool)[self.labels])

    def count_rows(self, counter: RowCounter, mask: np.ndarray) -> None:
        """Add the rows where a mask, bool (rows,), is true to a counter, which reads the first of them only."""
        positions = np.flatnonzero(mask)
        for position in positions[:MAX_EXAMPLES].tolist():
            counter.add(self[position])
        counter.count += len(positions[MAX_EXAMPLES:])


def index_rows(splits: Mapping[str, list[Row]]) -> dict[str, IndexedRows]:
    """Return the rows of splits in memory with their numbers.

    Args:
        splits: Names of the splits to their rows.
    """
    texts: dict[str, int] = {}
    label_sets: dict[tuple[str, ...], int] = {}
    numbers = {
        name: (
            np.fromiter((texts.setdefault(row.text, len(texts)) for row in rows), np.int64, len(rows)),
            np.fromiter((label_sets.setdefault(row.labels, len(label_sets)) for row in rows), np.int32, len(rows)),
        )
        for name, rows in splits.items()
    }
    return {name: IndexedRows(splits[name], *pair, tuple(label_sets)) for name, pair in numbers.items()}


def find_first(texts: np.ndarray) -> np.ndarray:
    """Return the position of the first row with the same text as each row, int64 (rows,)."""
    _, first, inverse = np.unique(texts, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.reshape(-1)])
