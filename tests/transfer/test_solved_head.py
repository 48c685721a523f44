"""Heads that are solved: logistic regressions on vectors."""

import numpy as np
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from kerascnn.transfer.solved_head import solve_logistic_regression

RNG = np.random.default_rng(0)
CLASSES, DOCUMENTS = 3, 90
CENTERS = RNG.normal(size=(CLASSES, 8))
TARGETS = np.arange(DOCUMENTS) % CLASSES
VECTORS = CENTERS[TARGETS] + RNG.normal(size=(DOCUMENTS, 8))


@pytest.mark.parametrize("classes", [2, 3])
def test_has_the_probabilities_of_scikit_learn(classes):
    rows = classes > TARGETS
    coefficients, bias = solve_logistic_regression(VECTORS[rows], TARGETS[rows], classes, cost=2.0)
    expected = LogisticRegression(C=2.0, max_iter=300).fit(VECTORS[rows], TARGETS[rows]).predict_proba(VECTORS)
    np.testing.assert_allclose(special.softmax(VECTORS @ coefficients + bias, axis=1), expected, atol=1e-4)


def test_has_one_regression_per_label_in_multi_label_data():
    indicators = np.stack([TARGETS != 1, TARGETS == 2, np.zeros(DOCUMENTS), np.ones(DOCUMENTS)], axis=1).astype(int)
    coefficients, bias = solve_logistic_regression(VECTORS, indicators, 4, cost=1.0)
    probabilities = special.expit(VECTORS @ coefficients + bias)
    expected = LogisticRegression(C=1.0, max_iter=300).fit(VECTORS, indicators[:, 1]).predict_proba(VECTORS)[:, 1]
    np.testing.assert_allclose(probabilities[:, 1], expected, atol=1e-4)
    assert probabilities[:, 2].max() < 0.01 and probabilities[:, 3].min() > 0.99


def test_class_without_documents_is_never_predicted():
    for missing in range(CLASSES):
        rows = missing != TARGETS
        coefficients, bias = solve_logistic_regression(VECTORS[rows], TARGETS[rows], CLASSES, cost=1.0)
        predicted = (VECTORS[rows] @ coefficients + bias).argmax(axis=1)
        assert missing not in predicted and (predicted == TARGETS[rows]).mean() > 0.8


def test_one_class_alone_is_always_predicted():
    coefficients, bias = solve_logistic_regression(VECTORS, np.full(DOCUMENTS, 1), CLASSES, cost=1.0)
    assert set((VECTORS @ coefficients + bias).argmax(axis=1)) == {1}


def test_weight_of_two_counts_like_a_copy():
    weights = np.where(TARGETS == 1, 2.0, 1.0)
    rows = np.repeat(np.arange(DOCUMENTS), weights.astype(int))
    weighted = solve_logistic_regression(VECTORS, TARGETS, CLASSES, cost=1.0, weights=weights)
    copied = solve_logistic_regression(VECTORS[rows], TARGETS[rows], CLASSES, cost=1.0)
    for first, second in zip(weighted, copied, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-2)
