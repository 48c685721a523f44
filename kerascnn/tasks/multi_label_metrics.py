"""Metrics of any number of labels per document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.tasks.bootstrap import bootstrap_intervals
from kerascnn.tasks.calibration import bin_by_confidence, calibration_gap
from kerascnn.tasks.curves import compute_curves
from kerascnn.tasks.rankings import most_frequent_pairs

MAX_PAIRS = 20
"""Highest number of pairs of labels in ``confused``."""


def evaluate_multi_label(
    targets: np.ndarray,
    predicted: np.ndarray,
    probabilities: np.ndarray,
    *,
    names: Sequence[str],
    thresholds: np.ndarray,
) -> dict[str, Any]:
    """Return all metrics of a set of documents, see ``MultiLabel.evaluate``.

    Args:
        targets: Indicator matrix of the true labels, int (documents, labels).
        predicted: Indicator matrix of the predicted labels, int (documents, labels).
        probabilities: Predicted probabilities, float (documents, labels).
        names: Name of each label.
        thresholds: Lowest probability at which each label is predicted, float (labels,).
    """
    from sklearn import metrics as sklearn_metrics  # deferred: commands print their help without it

    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(
        targets, predicted, zero_division=0.0
    )
    columns = zip(names, precision, recall, f1, support, thresholds, strict=True)
    missing, wrong = targets * (1 - predicted), predicted * (1 - targets)
    pairs = most_frequent_pairs(missing.T @ wrong, targets.sum(axis=0), names, MAX_PAIRS)
    return {
        "rows": len(targets),
        "accuracy": float(sklearn_metrics.accuracy_score(targets, predicted)),
        "micro_f1": float(sklearn_metrics.f1_score(targets, predicted, average="micro", zero_division=0.0)),
        "macro_f1": float(f1.mean()),
        "loss": float(compute_multi_label_losses(targets, probabilities).mean()),
        "ece": mean_calibration_gap(targets, probabilities),
        "per_class": {
            name: {
                "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s), "threshold": float(t)
            }
            for name, p, r, f, s, t in columns
        },
        "confused": [list(pair) for pair in pairs],
        "intervals": _compute_intervals(targets, probabilities, predicted),
        "reliability": bin_by_confidence(probabilities.ravel(), targets.ravel()),
        "curves": compute_curves(targets, probabilities, names),
    }  # fmt: skip


def mean_calibration_gap(targets: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over all labels of the gap between a label's probability and how often it applies, 0 to 1."""
    columns = zip(probabilities.T, targets.T, strict=True)
    return float(np.mean([calibration_gap(bin_by_confidence(p, y)) for p, y in columns]))


def _compute_intervals(targets: np.ndarray, probabilities: np.ndarray, predicted: np.ndarray) -> dict[str, list[float]]:
    """Return confidence intervals of accuracy, micro-F1, macro-F1 and loss."""
    count = len(targets)
    correct, is_exact = targets * predicted, (targets == predicted).all(axis=1)
    true_and_predicted, losses = targets + predicted, compute_multi_label_losses(targets, probabilities)

    def compute_metrics(rows: np.ndarray) -> tuple[float, float, float, float]:
        weights = np.bincount(rows, minlength=count)
        hits, names = 2 * weights @ correct, weights @ true_and_predicted
        f1 = hits / np.maximum(names, 1)
        return weights @ is_exact / count, hits.sum() / max(1, names.sum()), f1.mean(), weights @ losses / count

    return bootstrap_intervals(("accuracy", "micro_f1", "macro_f1", "loss"), count, compute_metrics)


def compute_multi_label_losses(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the mean binary cross-entropy over the labels of each document, float (documents,), in nats."""
    target_probabilities = np.where(targets > 0, probabilities, 1 - probabilities).astype(np.float64)
    return np.asarray(-np.log(np.maximum(target_probabilities, np.finfo(np.float32).eps)).mean(axis=1))
