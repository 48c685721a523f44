"""Choice of the features and the regularization of the linear member."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import sparse

from kerascnn.linear import regularization
from kerascnn.linear.regularization import COSTS, Examples, choose, cross_validated_scores
from kerascnn.tasks import SINGLE_LABEL

RNG = np.random.default_rng(0)
COEFFICIENTS = RNG.normal(size=(60, 3))


def make_features(count, columns=60):
    """Return features as those of n-grams: most are 0, the others positive."""
    return sparse.csr_matrix((RNG.random((count, columns)) < 0.3) * (1 + RNG.random((count, columns))) / 8)


def make_examples(count):
    features = make_features(count)
    return Examples(features, np.argmax(features @ COEFFICIENTS, axis=1))


CLEAN, VALIDATION = make_examples(120), make_examples(60)
NOISY = dataclasses.replace(CLEAN, targets=np.where(RNG.random(120) < 0.8, RNG.integers(0, 3, 120), CLEAN.targets))


def choose_for(train, validation=VALIDATION, **columns):
    return choose(train, validation, SINGLE_LABEL, num_classes=3, column_counts=columns or {"all": 60})


@pytest.mark.parametrize("limit", [0, 2000])
def test_noisy_labels_get_a_stronger_regularization(limit, monkeypatch):
    monkeypatch.setattr(regularization, "MAX_CROSS_VALIDATED", limit)
    assert choose_for(NOISY).cost <= choose_for(CLEAN).cost
    assert choose_for(CLEAN).cost > COSTS[0]


@pytest.mark.parametrize("limit", [0, 2000])
def test_columns_that_tell_more_are_used(limit, monkeypatch):
    monkeypatch.setattr(regularization, "MAX_CROSS_VALIDATED", limit)
    assert choose_for(CLEAN, some=20, all=60).option == "all"
    useless = sparse.hstack([CLEAN.features, make_features(120, 200)], format="csr")
    unknown = sparse.hstack([VALIDATION.features, make_features(60, 200)], format="csr")
    train, validation = (
        dataclasses.replace(examples, features=features)
        for examples, features in ((CLEAN, useless), (VALIDATION, unknown))
    )
    assert choose_for(train, validation, all=60, with_useless=260).option == "all"


def test_few_documents_are_cross_validated():
    shuffled = dataclasses.replace(VALIDATION, targets=RNG.permutation(VALIDATION.targets))
    assert choose_for(CLEAN, shuffled) == choose_for(CLEAN)


def test_many_documents_are_compared_by_a_part_of_them(monkeypatch):
    monkeypatch.setattr(regularization, "MAX_CROSS_VALIDATED", 25)
    monkeypatch.setattr(regularization, "MAX_COMPARED", 0)
    sizes = []
    solve = regularization.solve

    def count(features, *arguments, **options):
        sizes.append(features.shape[0])
        return solve(features, *arguments, **options)

    monkeypatch.setattr(regularization, "solve", count)
    choose_for(CLEAN)
    assert set(sizes) == {50}


def test_no_document_is_scored_by_a_solution_that_knows_it():
    scores = cross_validated_scores(CLEAN, 3, 60, 1.0)
    targets = CLEAN.targets.copy()
    targets[7] = (targets[7] + 1) % 3
    changed = dataclasses.replace(CLEAN, targets=targets)
    np.testing.assert_array_equal(cross_validated_scores(changed, 3, 60, 1.0)[7], scores[7])
    coefficients, bias = CLEAN.solve(3, 60, 1.0)
    known = CLEAN.features @ coefficients + bias
    assert np.mean(known.argmax(axis=1) == CLEAN.targets) > np.mean(scores.argmax(axis=1) == CLEAN.targets)


def test_scale_of_weights_does_not_matter():
    weights = RNG.uniform(1, 3, 120).astype(np.float32)
    small, large = (
        dataclasses.replace(CLEAN, weights=scale * weights).normalize_weights(120).solve(3, 60, 1.0)
        for scale in (1e-3, 1e3)
    )
    np.testing.assert_allclose(small[0], large[0], atol=1e-4)
    assert CLEAN.normalize_weights(120).weights is None
