"""Tables of single documents: the mistakes of a classifier, and the documents on which two classifiers disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.data.records import Row

MISTAKE_COLUMNS = ("file", "row", "text", "label", "prediction", "probability")
DISAGREEMENT_COLUMNS = (
    "file", "row", "text", "label", "prediction_a", "probability_a", "prediction_b", "probability_b",
)  # fmt: skip
PROBABILITY_DIGITS = 6


def find_mistakes(bundle: Bundle, targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return whether each document is predicted wrongly, bool (documents,).

    Args:
        bundle: The classifier.
        targets: True targets.
        probabilities: Predicted probabilities, float (documents, labels).
    """
    is_wrong = bundle.task.predict(probabilities, bundle.thresholds) != targets
    return np.asarray(is_wrong.reshape(len(targets), -1).any(axis=1))


def list_mistakes(
    bundle: Bundle, rows: Sequence[Row], targets: np.ndarray, probabilities: np.ndarray, separator: str
) -> Iterator[dict[str, Any]]:
    """Yield the documents that are predicted wrongly; those whose true labels are least probable come first.

    Args:
        bundle: The classifier.
        rows: The documents.
        targets: Their true targets.
        probabilities: Their predicted probabilities, float (documents, labels).
        separator: Joins the labels of a document, and their probabilities; empty: they are lists.

    Yields:
        Values by ``MISTAKE_COLUMNS``. Labels and probabilities are those that are predicted, the best first.
    """
    wrong = np.flatnonzero(find_mistakes(bundle, targets, probabilities))
    losses = bundle.task.cross_entropy(targets[wrong], probabilities[wrong])
    predictions = Predictions(bundle, probabilities, separator)
    for position in wrong[np.argsort(-losses, kind="stable")].tolist():
        row = rows[position]
        values = (row.file, row.number, row.text, predictions.format_labels(row.labels), *predictions[position])
        yield dict(zip(MISTAKE_COLUMNS, values, strict=True))


def list_disagreements(
    bundles: Sequence[Bundle], rows: Sequence[Row], probabilities: Sequence[np.ndarray], separator: str
) -> Iterator[dict[str, Any]]:
    """Yield the documents that two classifiers predict differently, in the order of the rows.

    Args:
        bundles: The two classifiers.
        rows: The documents.
        probabilities: Of each classifier, float (documents, labels).
        separator: As for ``list_mistakes``.

    Yields:
        Values by ``DISAGREEMENT_COLUMNS``.
    """
    first, second = (Predictions(*pair, separator) for pair in zip(bundles, probabilities, strict=True))
    for position, row in enumerate(rows):
        if set(first.names[position]) != set(second.names[position]):
            labels = first.format_labels(row.labels)
            values = (row.file, row.number, row.text, labels, *first[position], *second[position])
            yield dict(zip(DISAGREEMENT_COLUMNS, values, strict=True))


class Predictions:
    """Predicted labels of documents with their probabilities, as values of a table.

    Args:
        bundle: The classifier.
        probabilities: float (documents, labels).
        separator: As for ``list_mistakes``.
    """

    def __init__(self, bundle: Bundle, probabilities: np.ndarray, separator: str) -> None:
        self.names = bundle.decide(probabilities)
        """Names of the predicted labels of each document, the best first."""
        self._probabilities, self._separator, self._is_list = probabilities, separator, bundle.task.predicts_list
        self._positions = {name: position for position, name in enumerate(bundle.labels)}
        self._values = dict(zip(bundle.labels, bundle.classes.tolist(), strict=True))

    def __getitem__(self, position: int) -> tuple[Any, Any]:
        names = self.names[position]
        scores = [float(self._probabilities[position, self._positions[name]]) for name in names]
        return self.format_labels(names), self._join([round(score, PROBABILITY_DIGITS) for score in scores])

    def format_labels(self, names: Sequence[str]) -> Any:
        """Return the labels of a document: by name in a table, in JSON with the type of the training data."""
        return self._join(list(names) if self._separator else [self._values.get(name, name) for name in names])

    def _join(self, values: list[Any]) -> Any:
        if not self._is_list:
            return values[0] if values else ""
        return self._separator.join(map(str, values)) if self._separator else values
