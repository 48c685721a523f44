"""Probabilities, temperatures, thresholds and calibration errors, which the tasks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

TEMPERATURE_BOUNDS = 0.05, 20.0
"""Lowest and highest temperature that ``fit_temperature`` returns."""
MIN_DOCUMENTS = 5
"""Lowest number of documents with a label, and of documents without it, to fit its threshold."""


@dataclass(frozen=True)
class Calibration:
    """Temperature and thresholds, fitted to held-out documents after training."""

    temperature: float = 1.0
    """Divisor of the logits."""
    thresholds: list[float] | None = None
    """Lowest probability at which each label is predicted, (labels,); None if the task has none."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Calibration error before the fit, for ``metrics.json``; empty if nothing was fitted."""


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities, float32 (documents, classes), of logits divided by a temperature (Guo et al. 2017)."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return independent probabilities, float32 (documents, labels), of logits divided by a temperature."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -logits.astype(np.float64) / temperature)), np.float32)


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature whose probabilities fit the targets best (Guo et al. 2017, section 4.2).

    The target probabilities are 1 / (documents + 2) away from 0 and 1 (Platt 1999, section 2.2); otherwise a few
    documents that are all predicted correctly would give the lowest temperature.

    Args:
        logits: Logits of held-out documents, float (documents, classes).
        targets: True classes, int (documents,).

    Returns:
        The divisor of the logits, within ``TEMPERATURE_BOUNDS``. Above 1 it lowers the highest probability, below 1 it
        raises it.
    """
    from scipy import optimize, special

    count, classes = logits.shape
    distance = 1 / (count + 2)
    expected = np.full((count, classes), distance / classes)
    expected[np.arange(count), targets] += 1 - distance
    logits = logits.astype(np.float64)

    def cross_entropy(log_temperature: float) -> float:
        log_probabilities = special.log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-np.mean(np.sum(expected * log_probabilities, axis=1)))

    found = optimize.minimize_scalar(cross_entropy, bounds=np.log(TEMPERATURE_BOUNDS), method="bounded")
    return float(np.exp(found.x))


def bin_by_confidence(confidence: np.ndarray, is_correct: np.ndarray, num_bins: int = 15) -> dict[str, list[float]]:
    """Return the bins of a reliability diagram (Guo et al. 2017, section 2).

    Args:
        confidence: Probability of each prediction, float (predictions,), 0 to 1.
        is_correct: Whether each prediction is right, bool or 0 and 1, (predictions,).
        num_bins: Number of bins of equal width.

    Returns:
        ``confidence`` and ``accuracy``, the means of each bin that is not empty, and ``rows``, its predictions.
    """
    which = np.minimum((confidence * num_bins).astype(int), num_bins - 1)
    rows = np.bincount(which, minlength=num_bins)
    confidences, correct = (np.bincount(which, weights=x, minlength=num_bins) for x in (confidence, is_correct))
    filled = rows > 0
    return {
        "confidence": (confidences[filled] / rows[filled]).tolist(),
        "accuracy": (correct[filled] / rows[filled]).tolist(),
        "rows": rows[filled].tolist(),
    }


def calibration_gap(bins: Mapping[str, Sequence[float]]) -> float:
    """Return the mean distance between confidence and accuracy, 0 to 1, of the bins of ``bin_by_confidence``.

    For the most probable class this is the expected calibration error (Guo et al. 2017, equation 3).
    """
    gaps = np.abs(np.subtract(bins["confidence"], bins["accuracy"]))
    return float(np.average(gaps, weights=bins["rows"]))


def best_threshold(applies: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the threshold of the highest F1 of one label, or 0.5 with fewer than ``MIN_DOCUMENTS`` documents.

    It lies halfway between two probabilities, so that rounding changes no prediction; of several with the same F1 it is
    the one closest to 0.5.

    Args:
        applies: 1 where the label applies, int (documents,).
        probabilities: Predicted probabilities of the label, float (documents,).
    """
    from sklearn.metrics import precision_recall_curve

    if min(applies.sum(), len(applies) - applies.sum()) < MIN_DOCUMENTS:
        return 0.5
    precision, recall, reached = precision_recall_curve(applies, probabilities.astype(np.float64))
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).eps)
    below = np.concatenate([[0.0], reached[:-1]])
    best = np.flatnonzero(f1[:-1] >= f1[:-1].max() - 1e-12)
    middles = (below[best] + reached[best]) / 2
    return float(np.float32(middles[np.abs(middles - 0.5).argmin()]))
