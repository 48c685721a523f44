"""The threshold of a label, and confidence intervals of the metrics of several labels per document."""

from __future__ import annotations

import numpy as np

from kerascnn import metrics

MIN_DOCUMENTS = 5
"""Documents with a label, and documents without it, that are needed to fit its threshold."""


def best_threshold(applies: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the threshold of the highest F1 of one label, from its targets and probabilities, (documents,)."""
    from sklearn.metrics import precision_recall_curve

    if min(applies.sum(), len(applies) - applies.sum()) < MIN_DOCUMENTS:
        return 0.5
    precision, recall, reached = precision_recall_curve(applies, probabilities.astype(np.float64))
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).eps)
    below = np.concatenate([[0.0], reached[:-1]])
    best = np.flatnonzero(f1[:-1] >= f1[:-1].max() - 1e-12)
    middles = (below[best] + reached[best]) / 2
    return float(np.float32(middles[np.abs(middles - 0.5).argmin()]))


def bootstrap_intervals(
    targets: np.ndarray, probabilities: np.ndarray, predicted: np.ndarray, num_resamples: int = 1000
) -> dict[str, list[float]]:
    """Return 95 % confidence intervals of accuracy, micro-F1, macro-F1 and loss over resampled documents."""
    generator = np.random.default_rng(0)
    count = len(targets)
    correct, is_exact = targets * predicted, (targets == predicted).all(axis=1)
    true_and_predicted, losses = targets + predicted, document_losses(targets, probabilities)
    resamples = np.empty((num_resamples, 4))
    for resample in resamples:
        weights = np.bincount(generator.integers(count, size=count), minlength=count)
        hits, names = 2 * weights @ correct, weights @ true_and_predicted
        resample[:] = (
            weights @ is_exact / count,
            hits.sum() / max(1, names.sum()),
            np.mean(hits / np.maximum(names, 1)),
            weights @ losses / count,
        )
    return metrics.percentile_intervals(("accuracy", "micro_f1", "macro_f1", "loss"), resamples)


def document_losses(targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the mean binary cross-entropy over the labels of each document, float (documents,), in nats."""
    of_target = np.where(targets > 0, probabilities, 1 - probabilities).astype(np.float64)
    return np.asarray(-np.log(np.maximum(of_target, np.finfo(np.float32).eps)).mean(axis=1))
