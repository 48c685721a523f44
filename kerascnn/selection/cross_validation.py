"""Cross-validate candidates on the same folds, and compare them document by document."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn.classifier_data import TrainingData
from kerascnn.config import Config
from kerascnn.data.records import Row

if TYPE_CHECKING:
    import keras

    from kerascnn.bundle import Bundle

VALIDATION_FRACTION = 0.1
"""Fraction of the training rows of a fold that chooses the epoch and fits the temperature."""
RESAMPLES = 1000
"""Bootstrap samples of the documents, for the standard error of a difference."""


@dataclass(frozen=True)
class Fold:
    """Positions of the documents of one fold."""

    train: list[int]
    validation: list[int]
    test: list[int]


@dataclass(frozen=True)
class Predictions:
    """Predictions of a candidate for documents that it has not learned."""

    targets: np.ndarray
    predicted: np.ndarray
    """Predictions in the form of targets."""
    losses: np.ndarray
    """Cross-entropy of each document, (documents,)."""
    seconds: float
    """Time of all folds."""


def draw_folds(data: TrainingData, count: int, seed: int) -> list[Fold]:
    """Return stratified folds, the same ones for the same seed.

    Rows of rare labels, and rows whose text occurs more than once, are trained on in every fold: a text that is tested
    has not been learned.

    Args:
        data: Training data; its validation documents are left out.
        count: Number of folds, 2 or more.
        seed: Seed of the draw.
    """
    labels = data.task.decode(data.targets, data.classes)
    rows = [Row(text, labels[i], "", i, data.task.name) for i, text in enumerate(data.texts)]
    copies = Counter(data.texts)
    testable = _rows_of_frequent_labels([row for row in rows if copies[row.text] == 1], count)
    parts = data.task.draw_split(testable, {str(fold): 1 / count for fold in range(1, count)}, seed)
    tested = [[testable[i].number for i in positions] for positions in parts.values()]
    drawn = {position for part in tested for position in part}
    tested.append([row.number for row in testable if row.number not in drawn])
    return [_hold_out_validation(rows, set(part), data, seed) for part in tested if part]


def _rows_of_frequent_labels(rows: Sequence[Row], count: int) -> list[Row]:
    counts = Counter(label for row in rows for label in row.labels)
    return [row for row in rows if all(counts[label] >= count for label in row.labels)]


def _hold_out_validation(rows: Sequence[Row], test: set[int], data: TrainingData, seed: int) -> Fold:
    rest = [row for row in rows if row.number not in test]
    splittable = _rows_of_frequent_labels(rest, 2)
    drawn = data.task.draw_split(splittable, {"validation": VALIDATION_FRACTION}, seed)["validation"]
    validation = {splittable[i].number for i in drawn}
    return Fold(
        [row.number for row in rest if row.number not in validation],
        sorted(validation),
        sorted(test),
    )


def cross_validate(
    config: Config[Any], data: TrainingData, folds: Sequence[Fold], optimizer: keras.optimizers.Optimizer | None = None
) -> Predictions:
    """Train a candidate in every fold, and return its predictions for the documents of all test parts."""
    start = time.perf_counter()
    targets, predicted, losses = [], [], []
    for fold in folds:
        bundle, probabilities = _train_and_predict(config, data, fold, optimizer)
        targets.append(data.targets[fold.test])
        predicted.append(data.task.predict(probabilities, bundle.thresholds))
        losses.append(data.task.cross_entropy(targets[-1], probabilities))
    seconds = time.perf_counter() - start
    return Predictions(np.concatenate(targets), np.concatenate(predicted), np.concatenate(losses), seconds)


def _train_and_predict(
    config: Config[Any], data: TrainingData, fold: Fold, optimizer: keras.optimizers.Optimizer | None
) -> tuple[Bundle, np.ndarray]:
    from kerascnn.classifier_training import train_bundle
    from kerascnn.data.ragged import RaggedIds
    from kerascnn.prediction import make_predict_function

    weights = data.sample_weight
    part = dataclasses.replace(
        data, texts=[data.texts[i] for i in fold.train], targets=data.targets[fold.train],
        validation_texts=[data.texts[i] for i in fold.validation], validation_targets=data.targets[fold.validation],
        sample_weight=None if weights is None else weights[fold.train], validation_sample_weight=None, refit=False,
    )  # fmt: skip
    training = dataclasses.replace(config.training, tensorboard=False)
    bundle = train_bundle(dataclasses.replace(config, training=training), part, optimizer=optimizer)
    ids = RaggedIds(*bundle.vectorizer.encode([data.texts[i] for i in fold.test]))
    logits = make_predict_function(bundle.model)(ids)
    return bundle, data.task.compute_probabilities(logits, bundle.temperature)


@dataclass(frozen=True)
class Comparison:
    """Scores of several candidates on the same documents."""

    scores: np.ndarray
    """Score of each candidate, the higher the better, (candidates,)."""
    differences: np.ndarray
    """Score minus that of the first candidate, (candidates,)."""
    standard_errors: np.ndarray
    """Standard error of each difference, (candidates,)."""

    def choose(self) -> int:
        """Return the candidate with the highest score that beats the first one by more than a standard error, or 0."""
        beats = self.differences > self.standard_errors
        return int(np.argmax(np.where(beats, self.scores, -np.inf))) if beats.any() else 0


def compare(predictions: Sequence[Predictions], metric: str, num_classes: int) -> Comparison:
    """Compare candidates by a metric; differences are paired by document, their standard errors from the bootstrap.

    Args:
        predictions: One per candidate, for the same documents.
        metric: ``accuracy``, ``macro_f1``, or ``loss``, which counts negatively.
        num_classes: Number of labels.
    """
    count = len(predictions[0].losses)
    draws = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    weights = np.stack([np.ones(count), *(np.bincount(draw, minlength=count) for draw in draws)])
    scores = np.stack([_score(found, metric, weights, num_classes) for found in predictions])  # (candidates, samples)
    differences = scores - scores[0]
    return Comparison(scores[:, 0], differences[:, 0], differences[:, 1:].std(axis=1))


def _score(found: Predictions, metric: str, weights: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the metric for each row of document weights, (samples,)."""
    if metric == "macro_f1":
        true, predicted = (_indicators(values, num_classes) for values in (found.targets, found.predicted))
        hits, total = weights @ (true * predicted), weights @ (true + predicted)
        return np.asarray((2 * hits / np.maximum(total, 1)).mean(axis=1))
    correct = np.all((found.targets == found.predicted).reshape(len(found.losses), -1), axis=1)
    values = -found.losses if metric == "loss" else correct
    return np.asarray(weights @ values / weights.sum(axis=1))


def _indicators(values: np.ndarray, num_classes: int) -> np.ndarray:
    return values if values.ndim == 2 else np.eye(num_classes)[values]
