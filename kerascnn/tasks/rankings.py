"""Rankings of confused labels and of documents, which the tasks share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def most_frequent_pairs(
    counts: np.ndarray, totals: np.ndarray, names: Sequence[str], limit: int
) -> list[tuple[str, str, int, float]]:
    """Return the pairs of labels that are confused most often.

    Args:
        counts: Rows with the first label that got the second instead, int (labels, labels).
        totals: Rows with each label, int (labels,).
        names: Name of each label.
        limit: Highest number of pairs.

    Returns:
        True label, predicted label, rows, and their fraction of the rows with the true label; most frequent first.
    """
    best = np.argsort(-counts, axis=None, kind="stable")[:limit]
    pairs = [(int(true), int(predicted)) for true, predicted in zip(*np.unravel_index(best, counts.shape), strict=True)]
    return [
        (names[true], names[predicted], int(counts[true, predicted]), float(counts[true, predicted] / totals[true]))
        for true, predicted in pairs
        if counts[true, predicted]
    ]


def rank_examples(
    is_wrong: np.ndarray,
    error: np.ndarray,
    error_label: np.ndarray,
    margin: np.ndarray,
    margin_label: np.ndarray,
    limit: int,
) -> dict[str, list[tuple[int, int]]]:
    """Rank documents by their error, and the others by the margin of the decision.

    Args:
        is_wrong: Whether the prediction is wrong, bool (documents,).
        error: Size of the error, float (documents,); largest first.
        error_label: Position of the label with that error, int (documents,).
        margin: Distance of the closest decision, float (documents,); smallest first.
        margin_label: Position of the label with that margin, int (documents,).
        limit: Highest number of documents of each kind.

    Returns:
        ``mistakes`` and ``uncertain``: pairs of document and label.
    """
    mistakes = [int(row) for row in np.argsort(-error, kind="stable") if is_wrong[row]][:limit]
    uncertain = [int(row) for row in np.argsort(margin, kind="stable") if row not in mistakes][:limit]
    return {
        "mistakes": [(row, int(error_label[row])) for row in mistakes],
        "uncertain": [(row, int(margin_label[row])) for row in uncertain],
    }
