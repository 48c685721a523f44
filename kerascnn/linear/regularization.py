"""Choose the features and the regularization of the linear member."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.linear.solver import solve
from kerascnn.tasks import Task

COSTS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Values of ``LinearSVC(C=...)`` that are compared, from the strongest regularization to the weakest."""
USUAL_COST = 1.0
"""The value that is compared first, and then its neighbors as long as they predict better."""
FOLDS = 5
MAX_CROSS_VALIDATED = 1000
"""With more documents the validation documents choose, which takes a fifth of the time."""
MAX_COMPARED = 100_000
"""Largest number of training documents times classes to compare solutions with: more would take long, and hardly ever
choose otherwise."""


@dataclass(frozen=True)
class Examples:
    """Features and targets of documents."""

    features: Any
    """Sparse matrix or array, (documents, columns)."""
    targets: np.ndarray
    """See ``kerascnn.tasks``."""
    weights: np.ndarray | None = None
    """How much each document counts, (documents,); None: all the same."""
    num_counts: int | None = None
    """Number of the first columns that are frequencies; None: all. See ``solver.solve``."""

    def __len__(self) -> int:
        return len(self.targets)

    def normalize_weights(self, total: float) -> Examples:
        """Return the documents with weights of a given sum: unlike Adam, a solver depends on their scale."""
        if self.weights is None or not self.weights.any():
            return self
        return dataclasses.replace(self, weights=self.weights * (total / self.weights.sum()))

    def select(self, rows: np.ndarray) -> Examples:
        """Return some of the documents, by number or mask."""
        if rows.dtype == bool and rows.all():
            return self
        weights = None if self.weights is None else self.weights[rows]
        return dataclasses.replace(self, features=self.features[rows], targets=self.targets[rows], weights=weights)

    def solve(self, num_classes: int, columns: int, cost: float) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and bias, see ``solver.solve``, for the first columns of the features."""
        features = self.features if columns == self.features.shape[1] else self.features[:, :columns]
        return solve(
            features, self.targets, num_classes, cost=cost, weights=self.weights,
            num_counts=self.num_counts,
        )  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Features and regularization of a linear classifier."""

    option: str
    """Name of the number of columns, see ``choose``."""
    cost: float
    """Inverse strength of the regularization, ``LinearSVC(C=...)``."""
    temperature: float
    """Temperature that calibrates the scores of new documents."""
    loss: float
    """Mean cross-entropy of new documents after the temperature, in nats."""


def choose(
    train: Examples,
    validation: Examples,
    task: Task,
    *,
    num_classes: int,
    column_counts: Mapping[str, int],
    has_copies: bool = False,
) -> Choice:
    """Return the features and the value of C that predict new documents best.

    Few training documents come with few validation documents, so the former are cross-validated.

    Args:
        train: Training documents.
        validation: Validation documents.
        task: Task of the classifier.
        num_classes: Number of classes.
        column_counts: Numbers of columns to compare, by name and ascending.
        has_copies: Whether documents occur several times with different targets; then the validation documents choose.
    """
    limit = max(MAX_COMPARED // num_classes, 2 * MAX_CROSS_VALIDATED)
    known = train.select(np.sort(np.random.default_rng(0).permutation(len(train))[:limit]))

    def evaluate(option: str, cost: float) -> Choice:
        columns = column_counts[option]
        if len(train) <= MAX_CROSS_VALIDATED and not has_copies:
            scores, targets = cross_validated_scores(known, num_classes, columns, cost), known.targets
        else:
            coefficients, bias = known.solve(num_classes, columns, cost)
            scores, targets = validation.features[:, :columns] @ coefficients + bias, validation.targets
        temperature = task.fit_temperature(scores, targets)
        loss = task.cross_entropy(targets, task.compute_probabilities(scores, temperature)).mean()
        return Choice(option, cost, temperature, float(loss))

    choices: list[Choice] = []
    for option in column_counts:
        best = evaluate(option, choices[-1].cost if choices else USUAL_COST)
        position = COSTS.index(best.cost)
        # more features need no weaker regularization, which takes longest
        for costs in (COSTS[:position][::-1], () if choices else COSTS[position + 1 :]):
            if best.cost != COSTS[position]:
                break
            for cost in costs:
                choice = evaluate(option, cost)
                if choice.loss >= best.loss:
                    break
                best = choice
        choices.append(best)
    return min(choices, key=lambda choice: choice.loss)


def cross_validated_scores(documents: Examples, num_classes: int, columns: int, cost: float) -> np.ndarray:
    """Return the scores of each document by a solution for the other folds, float64 (documents, classes)."""
    count = len(documents)
    folds = np.random.default_rng(0).permutation(count) % FOLDS
    scores = np.zeros((count, num_classes))
    for fold in np.unique(folds):
        coefficients, bias = documents.select(folds != fold).solve(num_classes, columns, cost)
        scores[folds == fold] = documents.features[folds == fold][:, :columns] @ coefficients + bias
    return scores
