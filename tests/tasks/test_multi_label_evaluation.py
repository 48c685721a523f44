"""Thresholds and metrics of multi-label classifiers, checked by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from kerascnn.config import TrainingConfig
from kerascnn.tasks import MULTI_LABEL
from kerascnn.tasks.calibration import MIN_DOCUMENTS

NAMES = ["law", "sport", "tech"]


@pytest.fixture(scope="module")
def predictions():
    """300 documents, with labels of calibrated probabilities, of too low ones, and of too few documents."""
    rng = np.random.default_rng(0)
    probabilities = rng.random((300, 3)).astype(np.float32)
    truth = (rng.random((300, 3)) < probabilities).astype(np.int32)
    probabilities[:, 1] **= 3
    truth[:, 2] = np.arange(300) < MIN_DOCUMENTS - 1
    return truth, probabilities


def test_fits_threshold_of_highest_f1_or_one_half_for_rare_label(predictions):
    truth, probabilities = predictions
    thresholds = MULTI_LABEL.fit_thresholds(truth, probabilities)
    for label in (0, 1):
        found = f1_score(truth[:, label], probabilities[:, label] >= thresholds[label])
        assert found == max(f1_score(truth[:, label], probabilities[:, label] >= p) for p in probabilities[:, label])
    assert thresholds[1] < thresholds[0] - 0.1
    assert thresholds[2] == 0.5
    results = MULTI_LABEL.evaluate(truth, probabilities, NAMES, thresholds)
    assert "for 2 labels; 0.5 for 'tech': fewer than" in MULTI_LABEL.describe_thresholds(results)


def test_threshold_lies_between_probabilities(predictions):
    truth, probabilities = predictions
    distance = np.abs(probabilities[:, :2] - np.asarray(MULTI_LABEL.fit_thresholds(truth, probabilities))[:2])
    assert distance.min() > 1e-6


def test_equally_good_threshold_closest_to_one_half_is_chosen():
    truth = np.repeat([0, 1], 10)[:, None]
    perfect = np.where(truth, 0.9, 0.3)
    assert MULTI_LABEL.fit_thresholds(truth, perfect) == [pytest.approx(0.6)]


def test_metrics_match_values_computed_by_hand():
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 1, 1]])
    probabilities = np.array([[0.9, 0.2, 0.1], [0.8, 0.3, 0.7], [0.1, 0.1, 0.1], [0.6, 0.9, 0.8]], np.float32)
    found = MULTI_LABEL.evaluate(truth, probabilities, NAMES, np.array([0.5, 0.5, 0.75]))
    assert (found["rows"], found["accuracy"]) == (4, 0.5)
    assert found["micro_f1"] == pytest.approx(2 * 4 / (5 + 5))
    assert found["macro_f1"] == pytest.approx((0.8 + 2 / 3 + 1) / 3)
    assert found["loss"] == pytest.approx(log_loss(truth.ravel(), probabilities.ravel().astype(float)), rel=1e-5)
    assert found["per_class"]["sport"] == {
        "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2, "threshold": 0.5
    }  # fmt: skip
    assert found["confused"] == []
    low, high = found["intervals"]["micro_f1"]
    assert low < found["micro_f1"] < high
    first, *_, last = MULTI_LABEL.format_metrics(found).splitlines()
    assert "threshold" in first and last.startswith("all labels right 0.5000   micro-F1 0.8000   macro-F1 0.8222")


def test_pairs_missing_label_with_predicted_one():
    truth = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1]])
    probabilities = np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]], float)
    found = MULTI_LABEL.evaluate(truth, probabilities, NAMES, np.full(3, 0.5))
    assert found["confused"] == [["law", "sport", 2, pytest.approx(2 / 3)]]


def test_calibration_error_is_mean_of_labels():
    truth, sure = np.array([[1, 1], [1, 0]] * 10), np.array([[1.0, 1.0]] * 20)
    assert MULTI_LABEL.calibration_error(truth, sure) == pytest.approx((0 + 0.5) / 2)


def test_temperature_calibrates_overconfident_sigmoids(predictions):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (3000, 4))
    truth = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(int)
    found = MULTI_LABEL.fit_temperature(3 * logits, truth)
    assert found == pytest.approx(3, rel=0.05)
    assert MULTI_LABEL.calibration_error(truth, MULTI_LABEL.compute_probabilities(3 * logits, found)) < 0.03


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_loss_is_mean_binary_cross_entropy_of_smoothed_labels(smoothing):
    logits, truth = np.array([[2.0, -1.0, 0.3], [0.0, 4.0, -3.0]], np.float32), np.array([[1, 0, 1], [0, 0, 0]])
    p, y = 1 / (1 + np.exp(-logits)), truth * (1 - smoothing) + smoothing / 2
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    loss = MULTI_LABEL.build_loss(TrainingConfig(label_smoothing=smoothing), has_teacher=False)
    assert float(loss(truth, logits)) == pytest.approx(expected, rel=1e-5)
    if not smoothing:
        focal = MULTI_LABEL.build_loss(TrainingConfig(label_smoothing=0.0, focal_gamma=2.0), has_teacher=False)
        right = np.where(truth, p, 1 - p)
        assert float(focal(truth, logits)) == pytest.approx((-((1 - right) ** 2) * np.log(right)).mean(), rel=1e-4)


def test_training_metrics_match_scikit_learn_at_one_half(predictions):
    truth, probabilities = predictions
    logits = np.log(probabilities / (1 - probabilities))
    accuracy, macro_f1 = MULTI_LABEL.build_metrics(TrainingConfig(monitor="macro_f1"), 3)
    for rows in np.array_split(np.arange(300), 7):
        accuracy.update_state(truth[rows], logits[rows])
        macro_f1.update_state(truth[rows], logits[rows])
    predicted = probabilities >= 0.5
    assert float(accuracy.result()) == pytest.approx((predicted == truth).all(axis=1).mean())
    assert float(macro_f1.result()) == pytest.approx(f1_score(truth, predicted, average="macro"), rel=1e-5)


def test_notable_examples_name_document_and_label():
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.9], [0.45, 0.99], [0.05, 0.4]])
    found = MULTI_LABEL.notable_examples(truth, probabilities, [0.5, 0.3], 2)
    assert found == {"mistakes": [(1, 0), (2, 0)], "uncertain": [(3, 1), (0, 1)]}
