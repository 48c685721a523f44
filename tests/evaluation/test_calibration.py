"""Temperature and threshold, against numbers drawn or counted by hand."""

import numpy as np
import pytest
from scipy import special

from kerascnn.evaluation.calibration import BOUNDS, Point, curve, find, fit_temperature
from kerascnn.evaluation.metrics import expected_calibration_error
from kerascnn.prediction import softmax


def drawn(temperature, count=20_000):
    """Logits whose probabilities are right at a temperature, and labels drawn from these."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (count, 4))
    chances = special.softmax(logits / temperature, axis=1).cumsum(axis=1)
    return logits, (rng.random((count, 1)) > chances).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_that_drew_the_labels_is_found(temperature):
    logits, labels = drawn(temperature)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.05)
    assert expected_calibration_error(labels, softmax(logits, found)) < 0.02


def test_a_few_right_answers_do_not_make_a_classifier_certain():
    logits = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    found = fit_temperature(logits, np.array([0, 1, 0]))
    assert BOUNDS[0] < found < 2
    assert softmax(logits, found).max() < 0.95


def test_answers_without_any_skill_become_as_mild_as_may_be():
    assert fit_temperature(np.tile([[5.0, 0.0]], (100, 1)), np.arange(100) % 2) == pytest.approx(BOUNDS[1], rel=0.01)


def test_the_curve_counts_what_is_answered_and_what_is_right():
    labels = np.array([0, 0, 1, 1, 0])
    first = np.array([0.9, 0.8, 0.2, 0.3, 0.4])  # the answers 0, 0, 1, 1, 1 with 0.9, 0.8, 0.8, 0.7, 0.6
    points = curve(labels, np.stack([first, 1 - first], axis=1))
    assert [round(point.threshold, 6) for point in points] == [0.6, 0.7, 0.8, 0.9]
    assert [point.answered for point in points] == pytest.approx([1, 0.8, 0.6, 0.2])
    assert [point.precision for point in points] == pytest.approx([0.8, 1, 1, 1])
    assert points[-1].at_least == pytest.approx(0.05), "one right answer of one: 0.95 = 1 - 0.05"


def test_of_the_thresholds_that_are_right_enough_the_one_that_answers_most_is_found():
    points = [Point(0.4, 1.0, 0.8, 0.7), Point(0.6, 0.7, 0.96, 0.9), Point(0.8, 0.3, 0.95, 0.85)]
    assert find(points, 0.95) == points[1]
    assert find(points, 0.9, surely=True) == points[1]
    assert find(points, 0.99) is None
