"""Solve linear support vector machines, one class against the others."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import sparse


def solve(
    features: sparse.csr_matrix,
    targets: np.ndarray,
    num_classes: int,
    *,
    cost: float,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients, (columns, classes), and bias, (classes,), of the largest margins with squared hinge loss.

    Args:
        features: (documents, columns).
        targets: Classes, int (documents,), or an indicator matrix, (documents, classes).
        num_classes: Number of classes. A class that no document, or every document, has gets the margin -1 or 1.
        cost: Inverse strength of the regularization, ``LinearSVC(C=...)``.
        weights: How much each document counts, (documents,); None: all the same.
    """
    if targets.ndim == 1 and num_classes > 2:
        return _solve_classes(features, targets, num_classes, cost, weights)
    columns = targets.T if targets.ndim == 2 else (targets == 1)[None]
    solved = [_solve_label(features, column.astype(bool), cost, weights) for column in columns]
    coefficients, bias = np.stack([c for c, _ in solved], axis=1), np.array([b for _, b in solved])
    if targets.ndim == 1:
        return np.concatenate([-coefficients, coefficients], axis=1), np.concatenate([-bias, bias])
    return coefficients, bias


def _solve_classes(
    features: sparse.csr_matrix, targets: np.ndarray, num_classes: int, cost: float, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    present = np.unique(targets)
    coefficients, bias = np.zeros((features.shape[1], num_classes)), np.full(num_classes, -1.0)
    if len(present) == 2:
        column, intercept = _solve_label(features, targets == present[1], cost, weights)
        coefficients[:, present], bias[present] = np.stack([-column, column], axis=1), [-intercept, intercept]
        return coefficients, bias
    model = _fit(features, targets, cost, weights)
    coefficients[:, present], bias[present] = model.coef_.T, model.intercept_
    return coefficients, bias


def _solve_label(
    features: sparse.csr_matrix, applies: np.ndarray, cost: float, weights: np.ndarray | None
) -> tuple[np.ndarray, float]:
    if applies.all() or not applies.any():
        return np.zeros(features.shape[1]), 1.0 if applies.any() else -1.0
    model = _fit(features, applies, cost, weights)
    return model.coef_[0], float(model.intercept_[0])


def _fit(features: sparse.csr_matrix, targets: np.ndarray, cost: float, weights: np.ndarray | None) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC  # deferred: import of the package stays fast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an almost converged solution predicts the same
        return LinearSVC(C=cost, tol=1e-2, random_state=0).fit(features, targets, sample_weight=weights)
