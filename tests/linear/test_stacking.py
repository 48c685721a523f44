"""Weight of the linear member beside the network."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.linear import stacking
from kerascnn.linear.stacking import USUAL_WEIGHT
from kerascnn.tasks import SINGLE_LABEL, get_task

RNG = np.random.default_rng(0)


def fit_weight(logits, scores, targets, task, temperature=None):
    temperature = temperature or task.fit_temperature(scores, targets)
    return stacking.fit_weight(logits, scores, targets, task, temperature=temperature)


def make_predictions(count, noise):
    targets = RNG.integers(0, 3, count)
    logits = 2 * np.eye(3)[targets] + noise * RNG.normal(size=(count, 3))
    return logits, targets


def test_scores_without_information_get_no_weight():
    logits, targets = make_predictions(2000, 1.0)
    assert fit_weight(logits, RNG.normal(size=logits.shape), targets, SINGLE_LABEL, temperature=1) == 0


def test_better_member_gets_the_larger_weight():
    logits, targets = make_predictions(2000, 1.0)
    good, bad = (2 * np.eye(3)[targets] + noise * RNG.normal(size=logits.shape) for noise in (0.6, 2.0))
    assert fit_weight(logits, good, targets, SINGLE_LABEL) > 2 * fit_weight(logits, bad, targets, SINGLE_LABEL)


def test_few_documents_leave_the_usual_weight():
    logits, targets = make_predictions(3, 1.0)
    temperature = SINGLE_LABEL.fit_temperature(logits, targets)
    weight = stacking.fit_weight(logits, logits / 5, targets, SINGLE_LABEL, temperature=0.2)
    assert weight == pytest.approx(USUAL_WEIGHT * temperature / 0.2)


def test_scale_of_logits_does_not_matter():
    logits, targets = make_predictions(500, 1.0)
    scores = np.eye(3)[targets] + RNG.normal(size=logits.shape)
    weight = fit_weight(logits, scores, targets, SINGLE_LABEL)
    assert fit_weight(4 * logits, scores, targets, SINGLE_LABEL) == pytest.approx(4 * weight, rel=0.01)
    assert fit_weight(logits, 4 * scores, targets, SINGLE_LABEL) == pytest.approx(weight / 4, rel=0.01)


def test_multi_label_members_are_weighted_by_all_labels():
    targets = RNG.integers(0, 2, (500, 4))
    logits, scores = (4 * targets - 2 + RNG.normal(size=targets.shape) for _ in range(2))
    task = get_task("multi_label")
    assert fit_weight(logits, scores, targets, task) > 0
    assert fit_weight(logits, -scores, targets, task, temperature=1) == 0
