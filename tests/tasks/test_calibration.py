"""Temperature and calibration bins, compared with values that are drawn or counted by hand."""

import numpy as np
import pytest
from scipy import special

from kerascnn.tasks import SINGLE_LABEL
from kerascnn.tasks.calibration import TEMPERATURE_BOUNDS, fit_temperature, softmax


def draw_logits_and_labels(temperature, count=20_000):
    """Logits that are calibrated at a temperature, and labels drawn from their probabilities."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (count, 4))
    cumulative = special.softmax(logits / temperature, axis=1).cumsum(axis=1)
    return logits, (rng.random((count, 1)) > cumulative).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_finds_the_temperature_that_drew_the_labels(temperature):
    logits, labels = draw_logits_and_labels(temperature)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.05)
    assert SINGLE_LABEL.calibration_error(labels, softmax(logits, found)) < 0.02


def test_few_correct_predictions_do_not_give_certainty():
    logits = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]])
    found = fit_temperature(logits, np.array([0, 1, 0]))
    assert TEMPERATURE_BOUNDS[0] < found < 2
    assert softmax(logits, found).max() < 0.95


def test_predictions_at_chance_get_the_highest_temperature():
    found = fit_temperature(np.tile([[5.0, 0.0]], (100, 1)), np.arange(100) % 2)
    assert found == pytest.approx(TEMPERATURE_BOUNDS[1], rel=0.01)
