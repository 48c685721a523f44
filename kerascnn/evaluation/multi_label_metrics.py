"""The figures of a multi-label classifier, and the thresholds from which on it gives its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn import metrics

from kerascnn.evaluation.metrics import binned, gap, percentiles, ranked

FEW = 5
"""Documents that have a label, and documents that do not, which it takes to tune its threshold."""
PAIRS = 20
"""Pairs of labels in ``confused``."""


def best_thresholds(indicator: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """For each label the threshold of the highest F1 on documents that training did not learn from.

    It lies halfway between two probabilities, so that rounding moves no document across it; of several that are as good
    it is the one nearest to 0.5. A label that fewer than ``FEW`` documents have, or lack, keeps 0.5. This is SCut of
    Yang 2001, A Study on Thresholding Strategies for Text Categorization, section 2.

    Args:
        indicator: 1 where a label applies, (documents, labels).
        probabilities: Predicted ones, float (documents, labels).

    Returns:
        A probability for each label, to be reached.
    """
    return [_best_threshold(*columns) for columns in zip(indicator.T, probabilities.T, strict=True)]


def _best_threshold(applies: np.ndarray, probabilities: np.ndarray) -> float:
    if min(applies.sum(), len(applies) - applies.sum()) < FEW:
        return 0.5
    precision, recall, reached = metrics.precision_recall_curve(applies, probabilities.astype(np.float64))
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).eps)
    below = np.concatenate([[0.0], reached[:-1]])
    best = np.flatnonzero(f1[:-1] >= f1[:-1].max() - 1e-12)
    middles = (below[best] + reached[best]) / 2
    return float(np.float32(middles[np.abs(middles - 0.5).argmin()]))


def untuned(figures: Mapping[str, Any]) -> list[str]:
    """The labels that keep the threshold 0.5, for too few of the documents of these figures have or lack them."""
    counts = {name: values["support"] for name, values in figures["per_class"].items()}
    return [name for name, count in counts.items() if min(count, figures["rows"] - count) < FEW]


def evaluate(
    indicator: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: np.ndarray
) -> dict[str, Any]:
    """All figures of one set of documents.

    Args:
        indicator: 1 where a label applies, (documents, labels).
        probabilities: Predicted ones, float (documents, labels).
        names: Name of each label.
        thresholds: Probability from which on each is given, (labels,).

    Returns:
        ``rows``; ``accuracy`` (part of the documents whose labels are all right: subset accuracy), ``micro_f1``,
        ``macro_f1`` (0 to 1); ``loss`` (mean binary cross-entropy of a label, nats); ``ece`` (0 to 1), see there;
        ``per_class`` (name to precision, recall, f1, support, threshold); ``confused``, see ``most_confused``;
        ``intervals``, see there; ``reliability`` of all labels together, see ``metrics.binned``.
    """
    given = (probabilities >= thresholds.astype(np.float32)).astype(int)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(indicator, given, zero_division=0.0)
    columns = zip(names, precision, recall, f1, support, thresholds, strict=True)
    return {
        "rows": len(indicator),
        "accuracy": float(metrics.accuracy_score(indicator, given)),
        "micro_f1": float(metrics.f1_score(indicator, given, average="micro", zero_division=0.0)),
        "macro_f1": float(f1.mean()),
        "loss": float(_losses(indicator, probabilities).mean()),
        "ece": expected_calibration_error(indicator, probabilities),
        "per_class": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s), "threshold": float(t)}
            for name, p, r, f, s, t in columns
        },
        "confused": most_confused(indicator, given, names),
        "intervals": intervals(indicator, probabilities, given),
        "reliability": binned(probabilities.ravel(), indicator.ravel()),
    }


def intervals(
    indicator: np.ndarray, probabilities: np.ndarray, given: np.ndarray, resamples: int = 1000
) -> dict[str, list[float]]:
    """95 % confidence intervals by the bootstrap, see ``metrics.intervals``, of the four figures."""
    rng = np.random.default_rng(0)
    right, exact = indicator * given, (indicator == given).all(axis=1)
    named, losses = indicator + given, _losses(indicator, probabilities)
    drawn = np.empty((resamples, 4))
    for resample in drawn:
        weights = np.bincount(rng.integers(len(indicator), size=len(indicator)), minlength=len(indicator))
        hits, names = 2 * weights @ right, weights @ named
        resample[:] = (
            weights @ exact / len(indicator), hits.sum() / max(1, names.sum()),
            np.mean(hits / np.maximum(names, 1)), weights @ losses / len(indicator),
        )  # fmt: skip
    return percentiles(("accuracy", "micro_f1", "macro_f1", "loss"), drawn)


def expected_calibration_error(indicator: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of the labels' own: the distance between a label's probability and how often it applies, over 15 bins."""
    return float(np.mean([gap(binned(p, y)) for p, y in zip(probabilities.T, indicator.T, strict=True)]))


def most_confused(indicator: np.ndarray, given: np.ndarray, names: Sequence[str]) -> list[list]:
    """The pairs of labels of which documents have the first and were given the second instead, most frequent first.

    Returns:
        ``PAIRS`` lists at the most: label that is missing, label that is wrong, documents, their part of those that
        have the first.
    """
    missing, wrong = indicator * (1 - given), given * (1 - indicator)
    counts = missing.T @ wrong
    best = np.argsort(-counts, axis=None, kind="stable")[:PAIRS]
    pairs = [tuple(map(int, pair)) for pair in zip(*np.unravel_index(best, counts.shape), strict=True)]
    return [
        [names[a], names[b], int(counts[a, b]), float(counts[a, b] / indicator[:, a].sum())]
        for a, b in pairs
        if counts[a, b]
    ]


def notable_examples(
    indicator: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray, count: int
) -> dict[str, list[tuple[int, int]]]:
    """As ``metrics.telling``: by the label that is most confidently wrong, and by the one nearest to its threshold."""
    error = np.where((probabilities >= thresholds) != indicator, np.abs(probabilities - indicator), 0.0)
    margin = np.abs(probabilities - thresholds)
    return ranked(
        error.max(axis=1) > 0, error.max(axis=1), error.argmax(axis=1), margin.min(axis=1), margin.argmin(axis=1), count
    )


def _losses(indicator: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Mean binary cross-entropy of the labels of each document, (documents,)."""
    right = np.where(indicator > 0, probabilities, 1 - probabilities).astype(np.float64)
    return -np.log(np.maximum(right, np.finfo(np.float32).eps)).mean(axis=1)
