"""The figures of a single-label classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        ``per_class`` (name to precision, recall, f1, support); ``confusion_matrix`` (rows: true, columns: predicted);
        ``intervals``, see there; ``reliability``, see there.
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
        "intervals": intervals(labels, probabilities),
        "reliability": reliability(labels, probabilities),
    }


def intervals(labels: np.ndarray, probabilities: np.ndarray, resamples: int = 1000) -> dict[str, list[float]]:
    """95 % confidence intervals by the bootstrap: other rows of the same kind might have been drawn.

    Args:
        labels: True classes, int (documents,).
        probabilities: Predicted ones, float (documents, classes).
        resamples: How often as many rows are drawn, with replacement.

    Returns:
        Lower and upper end, the 2.5th and 97.5th percentile (Efron & Tibshirani 1993, section 13.3), of ``accuracy``,
        ``macro_f1`` and ``loss``.
    """
    rng = np.random.default_rng(0)
    count, classes = probabilities.shape
    cells = labels * classes + probabilities.argmax(axis=1)
    true = probabilities[np.arange(count), labels].astype(np.float64)
    losses = -np.log(np.maximum(true, np.finfo(probabilities.dtype).eps))
    drawn = np.empty((resamples, 3))
    for resample in drawn:
        rows = rng.integers(count, size=count)
        matrix = np.bincount(cells[rows], minlength=classes**2).reshape(classes, classes)
        right, named = matrix.diagonal(), matrix.sum(axis=0) + matrix.sum(axis=1)
        resample[:] = right.sum() / count, np.mean(2 * right / np.maximum(named, 1)), losses[rows].mean()
    return percentiles(("accuracy", "macro_f1", "loss"), drawn)


def percentiles(names: Sequence[str], drawn: np.ndarray) -> dict[str, list[float]]:
    """Name of each figure to the ends of the middle 95 % of it, of (resamples, figures)."""
    return dict(zip(names, np.percentile(drawn, [2.5, 97.5], axis=0).T.tolist(), strict=True))


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> dict[str, list]:
    """How right answers are that are equally sure: the reliability diagram (Guo et al. 2017, section 2).

    Returns:
        ``confidence`` and ``accuracy``, the means of each bin of equal width that has rows, and ``rows``, their number.
    """
    return binned(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def binned(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> dict[str, list]:
    """``reliability`` of single answers.

    Args:
        confidence: Probability of each, float (answers,).
        correct: Whether it is right, bool or 0 and 1, (answers,).
        bins: Their number.
    """
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    rows, sure, right = (np.bincount(which, weights=x, minlength=bins) for x in (None, confidence, correct))
    some = rows > 0
    return {
        "confidence": (sure[some] / rows[some]).tolist(),
        "accuracy": (right[some] / rows[some]).tolist(),
        "rows": rows[some].tolist(),
    }


def expected_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Mean distance between confidence and accuracy, 0 to 1, over bins of equal width (Guo et al. 2017, equation 3)."""
    return gap(reliability(labels, probabilities, bins))


def gap(found: Mapping[str, Sequence[float]]) -> float:
    """Mean distance between confidence and accuracy of the bins of ``binned``, 0 to 1."""
    gaps = np.abs(np.subtract(found["confidence"], found["accuracy"]))
    return float(np.average(gaps, weights=found["rows"]))


def most_confused(
    matrix: Sequence[Sequence[int]], names: Sequence[str], count: int
) -> list[tuple[str, str, int, float]]:
    """The pairs of classes that are confused most: true, predicted, rows, and their part of the true class."""
    counts = np.asarray(matrix)
    wrong = counts * (1 - np.eye(len(counts), dtype=int))
    best = np.argsort(-wrong, axis=None, kind="stable")[:count]
    pairs = [tuple(map(int, pair)) for pair in zip(*np.unravel_index(best, wrong.shape), strict=True)]
    return [
        (names[true], names[said], int(wrong[true, said]), float(wrong[true, said] / counts[true].sum()))
        for true, said in pairs
        if wrong[true, said]
    ]


def notable_examples(labels: np.ndarray, probabilities: np.ndarray, count: int) -> dict[str, list[tuple[int, int]]]:
    """The most confident mistakes and the least certain of the other documents, each with the label it was given.

    Returns:
        ``mistakes`` and ``uncertain``: positions of documents and labels, ``count`` at the most.
    """
    confidence, best = probabilities.max(axis=1), probabilities.argmax(axis=1)
    return ranked(best != labels, confidence, best, confidence, best, count)


def ranked(
    wrong: np.ndarray, error: np.ndarray, of_error: np.ndarray, margin: np.ndarray, of_margin: np.ndarray, count: int
) -> dict[str, list[tuple[int, int]]]:
    """Documents by how wrong they are, and by how narrow the decision was, each with the label that it is about.

    Args:
        wrong: Whether the answer is, (documents,).
        error: How wrong it is, (documents,); largest first.
        of_error: Which label is, (documents,).
        margin: How far the decision was from another, (documents,); smallest first.
        of_margin: Of which label, (documents,).
        count: Documents of a kind, at the most.
    """
    mistakes = [int(row) for row in np.argsort(-error, kind="stable") if wrong[row]][:count]
    uncertain = [int(row) for row in np.argsort(margin, kind="stable") if row not in mistakes][:count]
    return {
        "mistakes": [(row, int(of_error[row])) for row in mistakes],
        "uncertain": [(row, int(of_margin[row])) for row in uncertain],
    }


def confused(figures: Mapping[str, Any], count: int) -> list[tuple[str, str, int, float]]:
    """The pairs of labels that are confused most, as ``most_confused`` gives them, of the figures of either task."""
    if "confusion_matrix" not in figures:
        return [tuple(pair) for pair in figures["confused"][:count]]
    return most_confused(figures["confusion_matrix"], list(figures["per_class"]), count)


def titles(figures: Mapping[str, Any]) -> dict[str, str]:
    """The single numbers among the figures and what people call them."""
    names = {"accuracy": "accuracy", "micro_f1": "micro-F1", "macro_f1": "macro-F1", "loss": "loss"}
    names["ece"] = "calibration error"
    if "micro_f1" in figures:
        names["accuracy"] = "all labels right"
    return {key: name for key, name in names.items() if key in figures}


def table(figures: dict[str, Any]) -> str:
    """The figures as lines of text: a line a class, then the averages."""
    some = next(iter(figures["per_class"].values()))
    keys = [key for key in ("precision", "recall", "f1", "threshold") if key in some]
    rows = [
        (name, *(f"{values[key]:.3f}" for key in keys), str(values["support"]))
        for name, values in figures["per_class"].items()
    ]
    head = ("class", *keys, "rows")
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
            "   ".join(f"{shown} {figures[key]:.4f}" for key, shown in titles(figures).items())
            + f"   rows {figures['rows']}",
        ]
    )
