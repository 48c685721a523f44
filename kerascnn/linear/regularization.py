"""Choose the regularization of the linear member."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kerascnn.linear.solver import solve
from kerascnn.tasks import Task

COSTS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Values of ``LinearSVC(C=...)`` that are compared, from the strongest regularization to the weakest."""
FOLDS = 5
MAX_CROSS_VALIDATED = 1000
"""With more training documents the validation documents choose, which takes a fifth of the time."""


@dataclass(frozen=True)
class Solution:
    """A linear classifier and how it was solved."""

    coefficients: np.ndarray
    """(columns, classes)."""
    bias: np.ndarray
    """(classes,)."""
    cost: float
    """Inverse strength of the regularization, ``LinearSVC(C=...)``."""
    loss: float
    """Mean cross-entropy of new documents after a temperature, in nats."""


def solve_best(
    features: sparse.csr_matrix,
    targets: np.ndarray,
    validation: sparse.csr_matrix,
    validation_targets: np.ndarray,
    task: Task,
    *,
    num_classes: int,
    weights: np.ndarray | None = None,
    max_cost: float = np.inf,
) -> Solution:
    """Solve with the regularization that predicts new documents best.

    Few training documents come with few validation documents, so the former are cross-validated.

    Args:
        features: Features of the training documents, (documents, columns).
        targets: Their targets.
        validation: Features of the validation documents.
        validation_targets: Their targets.
        task: Task of the classifier.
        num_classes: Number of classes.
        weights: How much each training document counts, (documents,); None: all the same.
        max_cost: Largest cost to compare.
    """
    best: Solution | None = None
    for cost in (cost for cost in COSTS if cost <= max_cost):
        coefficients, bias = solve(features, targets, num_classes, cost=cost, weights=weights)
        if len(targets) <= MAX_CROSS_VALIDATED:
            scores, known = cross_validated_scores(features, targets, num_classes, cost, weights), targets
        else:
            scores, known = validation @ coefficients + bias, validation_targets
        probabilities = task.compute_probabilities(scores, task.fit_temperature(scores, known))
        loss = float(task.cross_entropy(known, probabilities).mean())
        if best is not None and loss > best.loss:
            break  # a weaker regularization would be worse still, and takes longer
        best = Solution(coefficients, bias, cost, loss)
    assert best is not None
    return best


def cross_validated_scores(
    features: sparse.csr_matrix, targets: np.ndarray, num_classes: int, cost: float, weights: np.ndarray | None
) -> np.ndarray:
    """Return the scores of each document by a solution for the other folds, float64 (documents, classes)."""
    count = len(targets)
    folds = np.random.default_rng(0).permutation(count) % FOLDS
    scores = np.zeros((count, num_classes))
    for fold in np.unique(folds):
        others = folds != fold
        coefficients, bias = solve(
            features[others], targets[others], num_classes,
            cost=cost, weights=None if weights is None else weights[others],
        )  # fmt: skip
        scores[~others] = features[~others] @ coefficients + bias
    return scores
