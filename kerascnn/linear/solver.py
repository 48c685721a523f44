"""Solve linear support vector machines with naive Bayes features, one class against the others."""

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
    num_counts: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients, (columns, classes), and bias, (classes,), of the largest margins with squared hinge loss.

    For each class the frequencies are scaled by how strongly they indicate it, see ``scale_of_features``, and so are
    the coefficients in turn, so that they apply to the features as they are.

    Args:
        features: (documents, columns).
        targets: Classes, int (documents,), or an indicator matrix, (documents, classes).
        num_classes: Number of classes. A class that no document, or every document, has gets the margin -1 or 1.
        cost: Inverse strength of the regularization, ``LinearSVC(C=...)``.
        weights: How much each document counts, (documents,); None: all the same.
        num_counts: Number of the first columns that are frequencies, 0 or more; the others, such as the numbers of
            word vectors, are not scaled. None: all are frequencies.
    """
    num_counts = features.shape[1] if num_counts is None else min(num_counts, features.shape[1])
    if targets.ndim == 1 and num_classes == 2:
        coefficients, bias = _solve_class(features, targets == 1, cost, weights, num_counts)
        return np.stack([-coefficients, coefficients], axis=1), np.array([-bias, bias])
    indicators = targets if targets.ndim == 2 else targets[:, None] == np.arange(num_classes)
    solved = [_solve_class(features, column.astype(bool), cost, weights, num_counts) for column in indicators.T]
    return np.stack([coefficients for coefficients, _ in solved], axis=1), np.array([bias for _, bias in solved])


def scale_of_features(
    features: sparse.csr_matrix, applies: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return the square root of the absolute log-count ratio of each feature, (columns,).

    Wang & Manning 2012, Baselines and Bigrams, equation 1, with a pseudo-count of 1, multiply by the ratio itself; the
    root keeps more of the weak features.

    Args:
        features: (documents, columns).
        applies: Whether each document has the class, bool (documents,).
        weights: How much each document counts, (documents,); None: all the same.
    """
    occurs = sparse.csr_matrix((np.ones_like(features.data), features.indices, features.indptr), features.shape)
    counted = np.ones(len(applies)) if weights is None else weights
    inside, outside = (1 + occurs.T @ (counted * documents) for documents in (applies, ~applies))
    return np.asarray(np.sqrt(np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))))


def _solve_class(
    features: sparse.csr_matrix, applies: np.ndarray, cost: float, weights: np.ndarray | None, num_counts: int
) -> tuple[np.ndarray, float]:
    if applies.all() or not applies.any():
        return np.zeros(features.shape[1]), 1.0 if applies.any() else -1.0
    scale = np.ones(features.shape[1])
    scale[:num_counts] = scale_of_features(features[:, :num_counts], applies, weights)
    values = scale[features.indices]
    values *= features.data
    scaled = sparse.csr_matrix((values, features.indices, features.indptr), features.shape)
    model = _fit(scaled, applies, cost, weights)
    return scale * model.coef_[0], float(model.intercept_[0])


def _fit(features: sparse.csr_matrix, targets: np.ndarray, cost: float, weights: np.ndarray | None) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC  # deferred: import of the package stays fast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an almost converged solution predicts the same
        return LinearSVC(C=cost, tol=1e-2, random_state=0).fit(features, targets, sample_weight=weights)
