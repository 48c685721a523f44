"""Selective classification: coverage and precision of predictions above a threshold of the probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class OperatingPoint:
    """Coverage and precision if only predictions with a probability of at least ``threshold`` are used."""

    threshold: float
    """Lowest probability of a prediction that is used, 0 to 1."""
    coverage: float
    """Fraction of the documents whose prediction is used, 0 to 1."""
    precision: float
    """Fraction of these predictions that is right, 0 to 1."""
    precision_lower_bound: float
    """Lower end of the one-sided 95 % confidence interval of the precision (Clopper & Pearson 1934)."""


def compute_operating_points(targets: np.ndarray, probabilities: np.ndarray) -> list[OperatingPoint]:
    """Return a point for each threshold that changes a prediction, starting with full coverage.

    Args:
        targets: True classes, int (documents,).
        probabilities: Predicted probabilities, float (documents, classes).
    """
    from scipy import stats

    confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
    order = np.argsort(-confidence, kind="stable")
    confidence, right = confidence[order], np.cumsum(is_right[order])
    last_of_each = np.flatnonzero(np.diff(confidence, append=-1.0))  # equal confidences share a threshold
    points = []
    for last in last_of_each[::-1]:
        count, hits = int(last) + 1, int(right[last])
        bound = float(stats.beta.ppf(0.05, hits, count - hits + 1)) if hits else 0.0
        points.append(OperatingPoint(float(confidence[last]), count / len(targets), hits / count, bound))
    return points


def find_operating_point(
    points: list[OperatingPoint], precision: float, *, use_lower_bound: bool = False
) -> OperatingPoint | None:
    """Return the point with the highest coverage among those with a sufficient precision; None if there is none.

    Args:
        points: Points as ``compute_operating_points`` returns them.
        precision: Lowest precision, 0 to 1.
        use_lower_bound: Whether the lower bound of the precision must be as high.
    """
    for point in points:
        if (point.precision_lower_bound if use_lower_bound else point.precision) >= precision:
            return point
    return None
