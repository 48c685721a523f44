"""Choose the settings of a baseline on validation rows or by cross-validation."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from pipelines.benchmark.data_sets import LabelledRows

MARKS = r"(?u)\w+|[^\w\s]"
"""Token pattern of words and punctuation marks."""
Fold = tuple[Sequence[int], Sequence[int]]
"""Positions of the rows to fit on, and of the rows to score."""


class Classifier(Protocol):
    """A classifier of texts with chosen settings."""

    epochs: int
    """Number of epochs; 1 for a solver."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> Any:
        """Train."""

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the label of each text."""

    def count_parameters(self) -> int:
        """Return the number of weights that a prediction uses, frozen ones included."""


def selection_data(rows: LabelledRows, number: int, seed: int) -> tuple[list[str], list[str], list[Fold]]:
    """Return texts, their labels, and the folds by which settings are chosen.

    Args:
        rows: The data set; with validation rows, the only fold fits on the training rows and scores these.
        number: Number of folds otherwise.
        seed: Seed of the shuffling.
    """
    both = [*rows.train, *rows.validation]
    texts, labels = [row.text for row in both], [row.label for row in both]
    if rows.validation:
        return texts, labels, [(range(len(rows.train)), range(len(rows.train), len(both)))]
    return texts, labels, make_folds(labels, number, seed)


def make_folds(labels: Sequence[str], number: int, seed: int) -> list[Fold]:
    """Return the folds of a cross-validation, stratified if a label has as many rows as there are folds.

    The rows of rarer labels are distributed over as many folds as possible.
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    number = min(number, len(labels))
    is_stratified = max(Counter(labels).values()) >= number
    kind = StratifiedKFold if is_stratified else KFold
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        return [(fit.tolist(), held_out.tolist()) for fit, held_out in _split(kind, labels, number, seed)]


def _split(kind: Any, labels: Sequence[str], number: int, seed: int) -> Any:
    return kind(number, shuffle=True, random_state=seed).split(labels, labels)


def lacks_spaces(texts: Sequence[str]) -> bool:
    """Return whether a large part of the texts is in scripts without spaces between words."""
    from kerascnn.audit.scripts import count_scripts, has_unspaced_scripts

    return has_unspaced_scripts(count_scripts(texts))
