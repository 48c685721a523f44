"""Weights of the classifiers of an ensemble, fitted to labelled documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerascnn.tasks import Task

PRIOR = 2.0
"""Strength of the prior in nats: with few documents the weights stay near equal ones."""
MAX_WEIGHT = 5.0
MAX_ROWS = 5000
"""Documents that are used; more would hardly change the weights."""
_LOWEST = 1e-12


def to_logits(probabilities: np.ndarray, task: Task) -> np.ndarray:
    """Return logits, of which ``task.compute_probabilities`` gives back the probabilities, float64."""
    probabilities = np.clip(np.asarray(probabilities, np.float64), _LOWEST, 1 - _LOWEST)
    logits: np.ndarray = np.log(probabilities)
    return logits if task.has_exclusive_labels else logits - np.log1p(-probabilities)


def equal_weights(count: int) -> list[float]:
    """Return the weights of classifiers about which nothing is known: those of a geometric mean."""
    return [1 / count] * count


def fit_weights(logits: Sequence[np.ndarray], targets: np.ndarray, task: Task) -> list[float]:
    """Return the weights, 0 or more, at which the weighted sum of logits predicts held-out documents best.

    They minimize the cross-entropy of all documents plus ``PRIOR`` times the squared relative distance of the weights
    from equal ones. The function is convex, and the result is the same in every run. The sum of the weights also
    calibrates the probabilities: it is above 1 if the classifiers agree too little.

    Args:
        logits: Logits of each classifier, float (documents, labels), see ``to_logits``.
        targets: Targets of the documents, which no classifier has learned.
        task: Task of the classifiers.
    """
    from scipy.optimize import minimize

    rows = np.random.default_rng(0).permutation(len(targets))[:MAX_ROWS]  # rows may be sorted by class
    stacked, targets = np.stack([values[rows] for values in logits]), targets[rows]
    start = np.array(equal_weights(len(stacked)))

    def loss(weights: np.ndarray) -> float:
        probabilities = task.compute_probabilities(np.tensordot(weights, stacked, axes=1))
        distance = np.sum((weights / start - 1) ** 2)
        return float(task.cross_entropy(targets, probabilities).sum() + PRIOR * distance)

    # without derivatives: probabilities are float32, too coarse for differences of small steps
    found = minimize(loss, start, method="Powell", bounds=[(0.0, MAX_WEIGHT)] * len(start))
    return [round(float(weight), 4) for weight in found.x]
