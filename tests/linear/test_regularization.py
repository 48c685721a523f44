"""Choice of the regularization of the linear member."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kerascnn.linear import regularization
from kerascnn.linear.regularization import COSTS, cross_validated_scores, solve_best
from kerascnn.linear.solver import solve
from kerascnn.tasks import SINGLE_LABEL

RNG = np.random.default_rng(0)
FEATURES = sparse.csr_matrix(RNG.normal(size=(120, 60)) / 8)
COEFFICIENTS = RNG.normal(size=(60, 3))
CLEAN = np.argmax(FEATURES @ COEFFICIENTS, axis=1)
NOISY = np.where(RNG.random(120) < 0.8, RNG.integers(0, 3, 120), CLEAN)
VALIDATION = sparse.csr_matrix(RNG.normal(size=(60, 60)) / 8)
VALIDATION_TARGETS = np.argmax(VALIDATION @ COEFFICIENTS, axis=1)


def choose(targets):
    return solve_best(FEATURES, targets, VALIDATION, VALIDATION_TARGETS, SINGLE_LABEL, num_classes=3).cost


@pytest.mark.parametrize("limit", [0, 2000])
def test_noisy_labels_get_a_stronger_regularization(limit, monkeypatch):
    monkeypatch.setattr(regularization, "MAX_CROSS_VALIDATED", limit)
    assert choose(NOISY) <= choose(CLEAN)
    assert choose(CLEAN) > COSTS[0]


def test_few_documents_are_cross_validated():
    before = choose(CLEAN)
    shuffled = RNG.permutation(VALIDATION_TARGETS)
    assert solve_best(FEATURES, CLEAN, VALIDATION, shuffled, SINGLE_LABEL, num_classes=3).cost == before


def test_no_document_is_scored_by_a_solution_that_knows_it():
    scores = cross_validated_scores(FEATURES, CLEAN, 3, 1.0, None)
    changed = CLEAN.copy()
    changed[7] = (changed[7] + 1) % 3
    np.testing.assert_array_equal(cross_validated_scores(FEATURES, changed, 3, 1.0, None)[7], scores[7])
    coefficients, bias = solve(FEATURES, CLEAN, 3, cost=1.0)
    known = FEATURES @ coefficients + bias
    assert np.mean(known.argmax(axis=1) == CLEAN) > np.mean(scores.argmax(axis=1) == CLEAN)
