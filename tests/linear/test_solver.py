"""Linear support vector machines, one class against the others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.svm import LinearSVC

from kerascnn.linear.solver import scale_of_features, solve

RNG = np.random.default_rng(0)
FEATURES = sparse.csr_matrix(RNG.random((90, 12)) * (RNG.random((90, 12)) < 0.5))
TARGETS = np.argmax(FEATURES @ RNG.normal(size=(12, 3)) + RNG.normal(size=(90, 3)) / 5, axis=1)


def predict(solved, features=FEATURES):
    return features @ solved[0] + solved[1]


def test_margins_are_those_of_scikit_learn_for_scaled_features():
    margins = predict(solve(FEATURES, TARGETS, 3, cost=0.3))
    for label in range(3):
        scaled = FEATURES @ sparse.diags(scale_of_features(FEATURES, label == TARGETS))
        expected = LinearSVC(C=0.3, tol=1e-2, random_state=0).fit(scaled, label == TARGETS).decision_function(scaled)
        np.testing.assert_allclose(margins[:, label], expected)


def test_columns_that_are_no_frequencies_are_not_scaled():
    margins = predict(solve(FEATURES, TARGETS, 3, cost=0.3, num_counts=5))
    scale = np.ones(12)
    for label in range(3):
        scale[:5] = scale_of_features(FEATURES[:, :5], label == TARGETS)
        scaled = FEATURES @ sparse.diags(scale)
        expected = LinearSVC(C=0.3, tol=1e-2, random_state=0).fit(scaled, label == TARGETS).decision_function(scaled)
        np.testing.assert_allclose(margins[:, label], expected)


def test_features_that_tell_more_have_a_larger_scale():
    applies = np.arange(90) < 40
    columns = [np.ones(90), applies, np.where(np.arange(90) % 5, applies, ~applies), ~applies]
    always, equal, similar, opposite = scale_of_features(sparse.csr_matrix(np.stack(columns, axis=1)), applies)
    assert always < similar < equal
    assert opposite > similar


def test_two_classes_have_opposite_margins():
    targets = (TARGETS == 0).astype(int)
    margins = predict(solve(FEATURES, targets, 2, cost=1.0))
    np.testing.assert_array_equal(margins[:, 0], -margins[:, 1])
    assert np.mean(margins.argmax(axis=1) == targets) > 0.8


def test_labels_are_solved_one_by_one():
    indicators = np.stack([TARGETS == 0, TARGETS != 1, np.zeros(90), np.ones(90)], axis=1).astype(int)
    margins = predict(solve(FEATURES, indicators, 4, cost=1.0))
    np.testing.assert_array_equal(margins[:, 0], predict(solve(FEATURES, indicators[:, 0], 2, cost=1.0))[:, 1])
    assert (margins[:, 2] == -1).all()
    assert (margins[:, 3] == 1).all()


def test_class_without_documents_has_margin_minus_one():
    for targets in (TARGETS, np.where(TARGETS == 2, 1, TARGETS)):
        margins = predict(solve(FEATURES, 2 * targets, 5, cost=1.0))
        assert (margins[:, [1, 3]] == -1).all()
        assert np.mean(margins.argmax(axis=1) == 2 * targets) > 0.7


def test_document_of_weight_2_counts_like_two_documents():
    repeated = sparse.vstack([FEATURES, FEATURES[:30]]).tocsr(), np.concatenate([TARGETS, TARGETS[:30]])
    weights = np.where(np.arange(90) < 30, 2.0, 1.0)
    weighted = predict(solve(FEATURES, TARGETS, 3, cost=1.0, weights=weights))
    np.testing.assert_allclose(weighted, predict(solve(*repeated, 3, cost=1.0)), atol=0.02)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_same_data_give_the_same_solution(num_classes):
    targets = TARGETS % num_classes
    first, second = (solve(FEATURES, targets, num_classes, cost=1.0) for _ in range(2))
    assert all(map(np.array_equal, first, second))
