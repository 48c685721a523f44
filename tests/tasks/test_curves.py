"""ROC, precision-recall and coverage curves against scikit-learn and by hand."""

import json
import tracemalloc

import numpy as np
import pytest
from sklearn import metrics

from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL
from kerascnn.tasks.curves import MAX_CURVES, MAX_POINTS, compute_coverage, compute_curves


def draw(classes, rows=300):
    """True labels as an indicator matrix, and probabilities that often agree with them, with ties."""
    rng = np.random.default_rng(classes)
    targets = rng.integers(classes, size=rows)
    probabilities = rng.dirichlet(np.full(classes, 0.4), rows)
    probabilities[np.arange(rows), targets] += 0.2
    return targets, np.round(probabilities / probabilities.sum(axis=1, keepdims=True), 2).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 5, 30])
def test_areas_and_averages_are_those_of_scikit_learn(classes):
    targets, probabilities = draw(classes)
    names = [f"class {i}" for i in range(classes)]
    applies = np.eye(classes)[targets]
    curves = compute_curves(applies, probabilities, names)
    assert curves == compute_curves(targets, probabilities, names)
    for kind, score in (("roc", metrics.roc_auc_score), ("precision_recall", metrics.average_precision_score)):
        expected = score(applies, probabilities, average=None)
        np.testing.assert_allclose(list(curves[kind]["areas"].values()), expected, atol=1e-4)
        for average in ("macro", "micro"):
            found = curves[kind]["averages"][average]["area"]
            assert found == pytest.approx(score(applies, probabilities, average=average), abs=1e-4)
        assert len(curves[kind]["labels"]) == min(classes, MAX_CURVES)


def test_points_follow_the_curve_and_are_few():
    targets, probabilities = draw(2, 5000)
    curve = compute_curves(np.eye(2)[targets], probabilities, ["a", "b"])["roc"]["labels"]["b"]
    x, y, _ = metrics.roc_curve(targets, probabilities[:, 1])
    assert len(curve["x"]) <= MAX_POINTS
    assert (curve["x"][0], curve["y"][0], curve["x"][-1], curve["y"][-1]) == (0, 0, 1, 1)
    assert metrics.auc(curve["x"], curve["y"]) == pytest.approx(metrics.auc(x, y), abs=0.005)


def test_coverage_counts_predictions_from_each_threshold_on():
    coverage = compute_coverage(np.array([0.9, 0.6, 0.6, 0.5]), np.array([True, True, False, False]))
    assert coverage == {"threshold": [0.9, 0.6, 0.5], "coverage": [0.25, 0.75, 1.0], "accuracy": [1.0, 0.6667, 0.5]}


def test_labels_without_rows_or_in_all_rows_have_no_curve():
    applies = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1]])
    curves = compute_curves(applies, np.full((3, 3), 0.5), ["some", "none", "all"])
    assert list(curves["roc"]["areas"]) == ["some"] and curves["roc"]["averages"] == {}
    assert compute_curves(applies[:, 1:], np.full((3, 2), 0.5), ["none", "all"]) == {}


def test_memory_does_not_grow_with_the_labels():
    rng = np.random.default_rng(0)
    peaks = []
    for labels in (50, 400):
        applies, probabilities = rng.random((6000, labels)) < 0.1, rng.random((6000, labels), np.float32)
        tracemalloc.start()
        curves = compute_curves(applies, probabilities, [str(i) for i in range(labels)])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert "micro" not in curves["roc"]["averages"] and len(curves["roc"]["areas"]) == 400
    assert max(peaks) < 100_000_000


@pytest.mark.parametrize("rows", [1, 7])
def test_metrics_of_few_rows_have_curves_that_json_takes(rows):
    targets, probabilities = draw(3, rows)
    single = SINGLE_LABEL.evaluate(targets, probabilities, ["a", "b", "c"])
    multi = MULTI_LABEL.evaluate(np.eye(3, dtype=int)[targets], probabilities, ["a", "b", "c"], [0.5] * 3)
    json.dumps([single, multi], allow_nan=False)
    assert single["curves"]["coverage"]["coverage"][-1] == 1 and "coverage" not in multi["curves"]
