"""Coverage and precision of selective classification, counted by hand."""

import numpy as np
import pytest

from kerascnn.evaluation.operating_points import OperatingPoint, compute_operating_points, find_operating_point


def test_counts_coverage_and_precision_at_each_threshold():
    targets = np.array([0, 0, 1, 1, 0])
    first = np.array([0.9, 0.8, 0.2, 0.3, 0.4])  # predictions 0, 0, 1, 1, 1 with 0.9, 0.8, 0.8, 0.7, 0.6
    points = compute_operating_points(targets, np.stack([first, 1 - first], axis=1))
    assert [round(point.threshold, 6) for point in points] == [0.6, 0.7, 0.8, 0.9]
    assert [point.coverage for point in points] == pytest.approx([1, 0.8, 0.6, 0.2])
    assert [point.precision for point in points] == pytest.approx([0.8, 1, 1, 1])
    assert points[-1].precision_lower_bound == pytest.approx(0.05), "one correct of one: 0.95 = 1 - 0.05"


def test_finds_the_point_of_highest_coverage_with_enough_precision():
    points = [
        OperatingPoint(0.4, 1.0, 0.8, 0.7), OperatingPoint(0.6, 0.7, 0.96, 0.9), OperatingPoint(0.8, 0.3, 0.95, 0.85)
    ]  # fmt: skip
    assert find_operating_point(points, 0.95) == points[1]
    assert find_operating_point(points, 0.9, use_lower_bound=True) == points[1]
    assert find_operating_point(points, 0.99) is None
