"""Statistics of predictions that all tasks share: temperature, calibration bins, confidence intervals, rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

TEMPERATURE_BOUNDS = 0.05, 20.0
"""Lowest and highest temperature that ``fit_temperature`` returns."""


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return probabilities, float32 (documents, classes), of logits divided by a temperature (Guo et al. 2017)."""
    from scipy import special  # deferred: commands print their help without it

    return np.asarray(special.softmax(logits.astype(np.float64) / temperature, axis=-1), np.float32)


def sigmoid(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return independent probabilities, float32 (documents, labels), of logits divided by a temperature."""
    from scipy import special

    return np.asarray(special.expit(logits.astype(np.float64) / temperature), np.float32)


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature whose probabilities fit the targets best (Guo et al. 2017, section 4.2).

    The target probabilities are 1 / (documents + 2) away from 0 and 1 (Platt 1999, section 2.2); otherwise a few
    documents that are all predicted correctly would ask for certainty.

    Args:
        logits: Logits of documents that training did not learn from, float (documents, classes).
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


def percentile_intervals(names: Sequence[str], resamples: np.ndarray) -> dict[str, list[float]]:
    """Return 95 % confidence intervals of bootstrapped metrics (Efron & Tibshirani 1993, section 13.3).

    Args:
        names: Name of each metric.
        resamples: Metrics of each resample, float (resamples, metrics).

    Returns:
        Name to the 2.5th and the 97.5th percentile.
    """
    return dict(zip(names, np.percentile(resamples, [2.5, 97.5], axis=0).T.tolist(), strict=True))


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
