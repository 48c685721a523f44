"""Metrics of one label per document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.tasks.bootstrap import bootstrap_intervals
from kerascnn.tasks.calibration import bin_by_confidence, calibration_gap
from kerascnn.tasks.curves import compute_coverage, compute_curves


def evaluate_single_label(targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Return all metrics of a set of documents, see ``SingleLabel.evaluate``.

    Args:
        targets: True classes, int (documents,).
        probabilities: Predicted probabilities, float (documents, classes).
        names: Name of each class.
    """
    from sklearn import metrics as sklearn_metrics  # deferred: commands print their help without it

    classes, reliability = np.arange(len(names)), reliability_bins(targets, probabilities)
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(
        targets, predicted, labels=classes, zero_division=0.0
    )
    macro_f1 = sklearn_metrics.f1_score(targets, predicted, average="macro", labels=classes, zero_division=0.0)
    return {
        "rows": len(targets),
        "accuracy": float(sklearn_metrics.accuracy_score(targets, predicted)),
        "macro_f1": float(macro_f1),
        "loss": float(sklearn_metrics.log_loss(targets, probabilities, labels=classes)),
        "ece": calibration_gap(reliability),
        "per_class": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in zip(names, precision, recall, f1, support, strict=True)
        },
        "confusion_matrix": sklearn_metrics.confusion_matrix(targets, predicted, labels=classes).tolist(),
        "intervals": _compute_intervals(targets, probabilities),
        "reliability": reliability,
        "curves": {
            **compute_curves(targets, probabilities, names),
            "coverage": compute_coverage(probabilities.max(axis=1), predicted == targets),
        },
    }


def reliability_bins(targets: np.ndarray, probabilities: np.ndarray) -> dict[str, list[float]]:
    """Return the bins of a reliability diagram of the most probable labels, see ``calibration.bin_by_confidence``."""
    return bin_by_confidence(probabilities.max(axis=1), probabilities.argmax(axis=1) == targets)


def compute_single_label_losses(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of the label of each document, float (documents,), in nats."""
    target_probabilities = probabilities[np.arange(len(targets)), targets].astype(np.float64)
    return np.asarray(-np.log(np.maximum(target_probabilities, np.finfo(probabilities.dtype).eps)))


def _compute_intervals(targets: np.ndarray, probabilities: np.ndarray) -> dict[str, list[float]]:
    """Return confidence intervals of accuracy, macro-F1 and loss."""
    count, classes = probabilities.shape
    cells = targets * classes + probabilities.argmax(axis=1)
    losses = compute_single_label_losses(targets, probabilities)

    def compute_metrics(rows: np.ndarray) -> tuple[float, float, float]:
        matrix = np.bincount(cells[rows], minlength=classes**2).reshape(classes, classes)
        correct, true_and_predicted = matrix.diagonal(), matrix.sum(axis=0) + matrix.sum(axis=1)
        f1 = 2 * correct / np.maximum(true_and_predicted, 1)
        return correct.sum() / count, f1.mean(), losses[rows].mean()

    return bootstrap_intervals(("accuracy", "macro_f1", "loss"), count, compute_metrics)
