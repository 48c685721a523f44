"""Folds, scores and their standard errors."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score

from kerascnn.classifier_data import prepare_data
from kerascnn.config import default_config
from kerascnn.selection.cross_validation import Predictions, compare, cross_validate, draw_folds


def training_data(texts, labels):
    return prepare_data(default_config("auto"), texts, labels, validation_data=(texts[:2], labels[:2]))


def predictions(targets, wrong):
    predicted = targets.copy()
    predicted[wrong] = (predicted[wrong] + 1) % 3
    losses = np.where(predicted == targets, 0.1, 3.0)
    return Predictions(targets, predicted, losses, 1.0)


def test_every_row_is_tested_once_and_is_not_trained_on_then(news):
    data = training_data(*news)
    folds = draw_folds(data, 5, seed=0)
    assert sorted(i for fold in folds for i in fold.test) == list(range(300))
    for fold in folds:
        assert sorted([*fold.train, *fold.validation, *fold.test]) == list(range(300))
        assert set(Counter(data.targets[fold.test].tolist()).values()) == {12}
        assert len(fold.validation) == 25
    assert draw_folds(data, 5, seed=0) == folds != draw_folds(data, 5, seed=1)


def test_rows_of_rare_labels_are_always_trained_on(news):
    texts, labels = news
    data = training_data([*texts, "one alone", "one more"], [*labels, "rare", "rare"])
    folds = draw_folds(data, 3, seed=0)
    assert not {300, 301} & {i for fold in folds for i in fold.test}
    assert all({300, 301} <= {*fold.train, *fold.validation} and {300, 301} & {*fold.train} for fold in folds)


def test_repeated_texts_are_never_tested(news):
    texts, labels = news
    data = training_data([*texts, *texts[:20]], [*labels, *labels[:20]])
    folds = draw_folds(data, 3, seed=0)
    assert sorted(i for fold in folds for i in fold.test) == list(range(20, 300))


def test_folds_of_multi_label_data_hold_every_label(briefs):
    data = training_data(*briefs)
    for fold in draw_folds(data, 3, seed=0):
        assert data.targets[fold.train].any(axis=0).all() and data.targets[fold.test].any(axis=0).all()


def test_cross_validation_predicts_rows_that_it_has_not_learned(news):
    data = training_data(*news)
    found = cross_validate(default_config("bow"), data, draw_folds(data, 2, seed=0))
    assert len(found.losses) == 300 and found.seconds > 0
    assert 0.7 < np.mean(found.predicted == found.targets) < 0.99


def test_cross_validation_of_multi_label_data_predicts_indicator_matrices(briefs):
    data = training_data(briefs[0][:80], briefs[1][:80])
    found = cross_validate(default_config("bow"), data, draw_folds(data, 2, seed=0))
    assert found.predicted.shape == found.targets.shape == (80, data.targets.shape[1])


@pytest.mark.parametrize(
    ("wrong_of_second", "chosen"),
    [(range(20), 0), (range(18, 36), 0), (range(22), 0), (range(10), 1), (range(15), 1)],
    ids=["equal", "better on other rows", "worse", "much better", "better on the same rows"],
)
def test_the_first_candidate_wins_ties_within_a_standard_error(wrong_of_second, chosen):
    targets = np.arange(200) % 3
    comparison = compare([predictions(targets, range(20)), predictions(targets, [*wrong_of_second])], "accuracy", 3)
    assert comparison.choose() == chosen
    assert comparison.scores.tolist() == pytest.approx([0.9, 1 - len(wrong_of_second) / 200])


def test_standard_error_is_that_of_paired_documents():
    targets = np.arange(1000) % 3
    first, second = predictions(targets, range(100)), predictions(targets, range(50, 200))
    comparison = compare([first, second], "accuracy", 3)
    differences = (second.predicted == targets).astype(float) - (first.predicted == targets)
    assert comparison.standard_errors[1] == pytest.approx(differences.std() / np.sqrt(1000), rel=0.1)


def test_scores_are_those_of_the_monitored_metric():
    targets = np.array([0] * 80 + [1] * 15 + [2] * 5)
    found = predictions(targets, [0, 1, 2, 81, 96, 97])
    expected = f1_score(targets, found.predicted, average="macro")
    assert compare([found], "macro_f1", 3).scores[0] == pytest.approx(expected)
    assert compare([found], "loss", 3).scores[0] == pytest.approx(-found.losses.mean())
