"""The figures, checked by hand on five documents."""

import math

import numpy as np
import pytest

from kerascnn.evaluation.metrics import evaluate, expected_calibration_error, table

NAMES = ["business", "体育", "tech"]
LABELS = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])


def test_accuracy_f1_and_confusion_are_those_counted_by_hand():
    figures = evaluate(LABELS, PROBABILITIES, NAMES)
    assert figures["rows"] == 5
    assert figures["accuracy"] == pytest.approx(3 / 5)
    assert figures["confusion_matrix"] == [[1, 1, 0], [0, 2, 1], [0, 0, 0]]
    assert figures["per_class"]["体育"] == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3}
    )
    assert figures["per_class"]["tech"]["support"] == 0
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert figures["loss"] == pytest.approx(-sum(map(math.log, [0.8, 0.3, 0.8, 0.7, 0.2])) / 5)


def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy():
    confident_and_right = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert expected_calibration_error(np.array([0, 1]), confident_and_right) == 0
    assert expected_calibration_error(np.array([1, 0]), confident_and_right) == 1
    half_right = np.array([[0.75, 0.25]] * 4)
    assert expected_calibration_error(np.array([0, 0, 1, 1]), half_right) == pytest.approx(0.25)


def test_the_table_has_a_line_a_class_and_the_averages():
    lines = table(evaluate(LABELS, PROBABILITIES, NAMES)).splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["class", *NAMES]
    assert "accuracy 0.6000" in lines[-1] and "rows 5" in lines[-1]
