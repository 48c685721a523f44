"""Logistic regression of scikit-learn on vectors that a pretrained encoder computes of texts."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.benchmark.baselines.selection import selection_data
from pipelines.benchmark.data_sets import LabelledRows

FOLDS = 5
COSTS = (10.0, 3.0, 30.0, 1.0, 100.0, 0.3, 300.0, 0.1, 1000.0)
"""Values of C; of equally good ones the first is chosen. Vectors of length 1 need larger ones than scikit-learn's 1."""
ITERATIONS = 2000


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A frozen encoder.

    Args:
        encode: Function of texts that returns a matrix with one row per text.
        parameters: Number of its weights.
    """

    encode: Callable[[Sequence[str]], Any]
    parameters: int


class VectorClassifier:
    """Logistic regression on the vectors of an encoder.

    Args:
        encoder: The encoder.
        cost: C of the regression.
    """

    epochs = 1

    def __init__(self, encoder: TextEncoder, cost: float) -> None:
        self.encoder, self.cost = encoder, cost
        self.regression: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Compute the vectors and train."""
        self.regression = _fit(self.encoder.encode(texts), labels, self.cost)

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the label of each text."""
        predictions: list[str] = self.regression.predict(_encode_test_texts(self.encoder, tuple(texts))).tolist()
        return predictions

    def count_parameters(self) -> int:
        """Return the number of weights, those of the encoder included."""
        return int(self.encoder.parameters + self.regression.coef_.size + self.regression.intercept_.size)


def choose_cost(encoder: TextEncoder, rows: LabelledRows, seed: int) -> VectorClassifier:
    """Choose C by accuracy.

    Args:
        encoder: The encoder.
        rows: The data set; without validation rows the choice is made by cross-validation.
        seed: Seed of the folds.
    """
    texts, labels, folds = selection_data(rows, FOLDS, seed)
    vectors = encoder.encode(texts)
    hits: Counter[float] = Counter()
    for fit, held_out in folds:
        known = [labels[i] for i in fit]
        if len(set(known)) == 1:  # the other label has a single row, which is held out
            continue
        for cost in COSTS:
            predictions = _fit(vectors[fit], known, cost).predict(vectors[held_out])
            hits[cost] += sum(
                labels[i] == prediction for i, prediction in zip(held_out, predictions.tolist(), strict=True)
            )
    return VectorClassifier(encoder, max(COSTS, key=hits.__getitem__))


def _fit(vectors: Any, labels: Sequence[str], cost: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=cost, max_iter=ITERATIONS).fit(vectors, labels)


@functools.lru_cache(maxsize=1)
def _encode_test_texts(encoder: TextEncoder, texts: tuple[str, ...]) -> Any:
    """Return the vectors of test texts, which are the same for all seeds and numbers of training rows."""
    return encoder.encode(texts)
