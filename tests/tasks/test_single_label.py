"""The results, checked by hand on five documents."""

import math

import numpy as np
import pytest

from kerascnn.tasks import SINGLE_LABEL
from kerascnn.utils.errors import InputError

NAMES = ["business", "体育", "tech"]
LABELS = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])


def test_metrics_match_values_counted_by_hand():
    results = SINGLE_LABEL.evaluate(LABELS, PROBABILITIES, NAMES)
    assert results["rows"] == 5
    assert results["accuracy"] == pytest.approx(3 / 5)
    assert results["confusion_matrix"] == [[1, 1, 0], [0, 2, 1], [0, 0, 0]]
    assert results["per_class"]["体育"] == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3}
    )
    assert results["per_class"]["tech"]["support"] == 0
    assert results["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert results["loss"] == pytest.approx(-sum(map(math.log, [0.8, 0.3, 0.8, 0.7, 0.2])) / 5)


def test_calibration_error_is_mean_gap_of_confidence_and_accuracy():
    confident_and_right = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert SINGLE_LABEL.calibration_error(np.array([0, 1]), confident_and_right) == 0
    assert SINGLE_LABEL.calibration_error(np.array([1, 0]), confident_and_right) == 1
    half_right = np.array([[0.75, 0.25]] * 4)
    assert SINGLE_LABEL.calibration_error(np.array([0, 0, 1, 1]), half_right) == pytest.approx(0.25)


def test_formatted_metrics_have_one_line_per_class_and_overall_metrics():
    lines = SINGLE_LABEL.format_metrics(SINGLE_LABEL.evaluate(LABELS, PROBABILITIES, NAMES)).splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["class", *NAMES]
    assert "accuracy 0.6000" in lines[-1] and "rows 5" in lines[-1]


def test_confidence_intervals_contain_metric_and_narrow_with_rows():
    rng = np.random.default_rng(1)

    def drawn(count):
        labels = rng.integers(3, size=count)
        predictions = np.where(rng.random(count) < 0.8, labels, rng.integers(3, size=count))
        return SINGLE_LABEL.evaluate(labels, np.full((count, 3), 0.1) + 0.7 * np.eye(3)[predictions], NAMES)

    widths = []
    for count in (100, 2500):
        results = drawn(count)
        for name, (low, high) in results["intervals"].items():
            assert low < results[name] < high, name
        widths.append(results["intervals"]["accuracy"][1] - results["intervals"]["accuracy"][0])
    # a proportion of p has the standard error sqrt(p (1 - p) / rows)
    assert widths[1] == pytest.approx(2 * 1.96 * math.sqrt(0.867 * 0.133 / 2500), rel=0.15)
    assert widths[0] == pytest.approx(5 * widths[1], rel=0.3)


def test_reliability_bins_count_every_row_once():
    results = SINGLE_LABEL.evaluate(LABELS, PROBABILITIES, NAMES)
    bins = results["reliability"]
    assert sum(bins["rows"]) == 5
    assert np.dot(bins["accuracy"], bins["rows"]) / 5 == pytest.approx(results["accuracy"])
    assert bins["confidence"] == pytest.approx([0.6, 0.7, 0.8])
    assert bins["accuracy"] == pytest.approx([0, 0.5, 1])
    gaps = np.abs(np.subtract(bins["accuracy"], bins["confidence"]))
    assert results["ece"] == pytest.approx(gaps @ bins["rows"] / 5)


def test_confused_pairs_are_ordered_by_frequency():
    def pairs(matrix, limit):
        results = {"confusion_matrix": matrix, "per_class": dict.fromkeys(NAMES[: len(matrix)])}
        return SINGLE_LABEL.confused_pairs(results, limit)

    assert pairs([[5, 2, 0], [7, 1, 0], [1, 0, 9]], 2) == [
        ("体育", "business", 7, pytest.approx(7 / 8)), ("business", "体育", 2, pytest.approx(2 / 7))
    ]  # fmt: skip
    assert pairs([[3, 0], [0, 4]], 5) == []


@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_times_of_numpy_are_no_labels(unit):
    times = np.array(["2020-01-01", "2021-01-01"], dtype=f"datetime64[{unit}]")
    for labels in (times, list(times), times - times[0]):
        with pytest.raises(InputError, match=r"row 0: the label .* is a time; convert it to text"):
            SINGLE_LABEL.as_labels(labels)
