"""How sure a classifier may be: a temperature for its logits, and a threshold for its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle

BOUNDS = 0.05, 20.0
"""Temperatures that are looked at."""


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature whose probabilities fit the labels best (Guo et al. 2017, section 4.2).

    The targets are 1 / (documents + 2) away from 0 and 1, as Platt (1999, section 2.2) has it, or a few documents that
    are all answered right would ask for certainty.

    Args:
        logits: Of documents that training did not learn from, float (documents, classes).
        labels: True classes, int (documents,).

    Returns:
        The divisor of the logits, within ``BOUNDS``; above 1 it makes probabilities milder, below 1 bolder.
    """
    count, classes = logits.shape
    away = 1 / (count + 2)
    targets = np.full((count, classes), away / classes)
    targets[np.arange(count), labels] += 1 - away
    logits = logits.astype(np.float64)

    def cross_entropy(log_temperature: float) -> float:
        return -np.mean(np.sum(targets * special.log_softmax(logits / np.exp(log_temperature), axis=1), axis=1))

    return float(np.exp(optimize.minimize_scalar(cross_entropy, bounds=np.log(BOUNDS), method="bounded").x))


def calibrate(bundle: Bundle, logits: np.ndarray, codes: np.ndarray) -> None:
    """Give a bundle the temperature, and in multi-label the thresholds, that suit documents best, if its settings ask.

    Args:
        bundle: Trained; it keeps both, and the calibration error without them.
        logits: Of documents that training did not learn from, float (documents, classes).
        codes: Their labels, see ``kerascnn.tasks``.
    """
    task = bundle.task
    bundle.thresholds = task.default_thresholds(logits.shape[1])
    if bundle.config.training.calibrate:
        bundle.temperature = task.fit_temperature(logits, codes)
        bundle.thresholds = task.fit_thresholds(codes, task.compute_probabilities(logits, bundle.temperature))
        bundle.metrics["uncalibrated_ece"] = task.calibration_error(codes, task.compute_probabilities(logits))


@dataclass(frozen=True)
class Point:
    """What happens when only answers of a certain probability and more are given."""

    threshold: float
    """Lowest probability of an answer that is given, 0 to 1."""
    answered: float
    """Part of the documents that get an answer, 0 to 1."""
    precision: float
    """Part of these answers that is right, 0 to 1."""
    at_least: float
    """Lower end of the precision's one-sided 95 % confidence interval (Clopper & Pearson 1934)."""


def curve(labels: np.ndarray, probabilities: np.ndarray) -> list[Point]:
    """A point for each threshold that changes anything, from the one that answers all documents upwards.

    Args:
        labels: True classes, int (documents,).
        probabilities: Predicted ones, float (documents, classes).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    order = np.argsort(-confidence, kind="stable")
    confidence, hits = confidence[order], np.cumsum(right[order])
    lasts = np.flatnonzero(np.diff(confidence, append=-1.0))  # equal confidences are answered together
    points = []
    for last in lasts[::-1]:
        count, hit = int(last) + 1, int(hits[last])
        at_least = float(stats.beta.ppf(0.05, hit, count - hit + 1)) if hit else 0.0
        points.append(Point(float(confidence[last]), count / len(labels), hit / count, at_least))
    return points


def find(points: list[Point], precision: float, *, surely: bool = False) -> Point | None:
    """The point with the most answers whose precision is high enough; None if there is none.

    Args:
        points: Of ``curve``.
        precision: Wanted part of right answers, 0 to 1.
        surely: Whether the lower end of the confidence interval must be as high.
    """
    enough = (point for point in points if (point.at_least if surely else point.precision) >= precision)
    return next(enough, None)
