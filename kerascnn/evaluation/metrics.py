"""The figures of a single-label classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import metrics


def evaluate(labels: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """All figures of one set of documents.

    Args:
        labels: True classes, int (documents,).
        probabilities: Predicted probabilities, float (documents, classes).
        names: Name of each class.

    Returns:
        ``rows``; ``accuracy``, ``macro_f1`` (0 to 1); ``loss`` (mean cross-entropy, nats); ``ece`` (0 to 1);
        ``per_class`` (name to precision, recall, f1, support); ``confusion_matrix`` (rows: true, columns: predicted).
    """
    classes = np.arange(len(names))
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=classes, zero_division=0.0
    )
    return {
        "rows": len(labels),
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "macro_f1": float(metrics.f1_score(labels, predicted, average="macro", labels=classes, zero_division=0.0)),
        "loss": float(metrics.log_loss(labels, probabilities, labels=classes)),
        "ece": expected_calibration_error(labels, probabilities),
        "per_class": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in zip(names, precision, recall, f1, support, strict=True)
        },
        "confusion_matrix": metrics.confusion_matrix(labels, predicted, labels=classes).tolist(),
    }


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Mean distance between confidence and accuracy, 0 to 1, over bins of equal width (Guo et al. 2017, equation 3)."""
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(which, weights=confidence - correct, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def table(figures: dict[str, Any]) -> str:
    """The figures as lines of text: a line a class, then the averages."""
    rows = [
        (name, *(f"{values[key]:.3f}" for key in ("precision", "recall", "f1")), str(values["support"]))
        for name, values in figures["per_class"].items()
    ]
    head = ("class", "precision", "recall", "f1", "rows")
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [head, *rows]
    ]
    return "\n".join(
        [
            *lines,
            "",
            f"accuracy {figures['accuracy']:.4f}   macro-F1 {figures['macro_f1']:.4f}   "
            f"loss {figures['loss']:.4f}   calibration error {figures['ece']:.4f}   rows {figures['rows']}",
        ]
    )
