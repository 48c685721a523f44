"""The columns that scoring adds to each row: labels and their probabilities."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerascnn.data.label_types import name_label
from kerascnn.data.records import Record
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.predictor import Predictor
    from kerascnn.tasks import Task

BATCH_ROWS = 1024
"""Rows per call of the classifier: the largest number that the vectorizer encodes without a tf.data pipeline, whose
setup takes as long as the predictions."""
SCORE_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """Which columns scoring adds to each row.

    Attributes:
        top_k: 1: the predicted label, or all predicted labels of a multi-label classifier. More: the k most probable
            labels, regardless of thresholds.
        abstain_below: Labels are empty if the highest probability is lower; None if they are not strings.
        separator: Joins several labels, and their scores, to strings; empty: they are lists.
        as_names: Labels are their names, as ``labels.txt`` has them, not values of their type.
    """

    top_k: int = 1
    abstain_below: float = 0.0
    separator: str = ""
    as_names: bool = False

    def check(self, labels: Sequence[str], *, task: Task, remedy: str) -> None:
        """Check that the columns suit a classifier.

        Args:
            labels: Labels of the classifier.
            task: Task of the classifier.
            remedy: What to do if a label contains the separator; the end of the error message.

        Raises:
            InputError: The task does not support ``abstain_below``, or a label contains the separator.
        """
        if self.abstain_below:
            task.require("abstention", "--abstain-below")
        if self.separator and task.predicts_list and (clash := [label for label in labels if self.separator in label]):
            raise InputError(
                f"the label {clash[0]!r} contains the label separator {self.separator!r}; choose another with"
                f" --label-separator, or {remedy}"
            )

    def has_lists(self, task: Task) -> bool:
        """Return whether the columns hold lists, joined by the separator if there is one."""
        return task.predicts_list and self.top_k == 1

    def column_names(self, num_labels: int) -> list[str]:
        """Return the names of the columns for a classifier with some number of labels."""
        if self.top_k == 1:
            return ["label", "score"]
        ranks = range(1, min(self.top_k, num_labels) + 1)
        return [f"{name}_{rank}" for rank in ranks for name in ("label", "score")]

    def predict_columns(self, classifier: Predictor, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return the columns of each text; scores are probabilities, rounded to ``SCORE_DIGITS`` digits."""
        if self.top_k == 1:
            predictions = classifier.predict_scored(texts)
        else:
            predictions = classifier.predict_top_k(texts, self.top_k)
        has_lists = self.has_lists(classifier.task)
        return [self._to_columns(prediction, has_lists=has_lists) for prediction in predictions]

    def _to_columns(self, prediction: list[tuple[Any, float]], *, has_lists: bool) -> dict[str, Any]:
        is_certain = not self.abstain_below or prediction[0][1] >= self.abstain_below
        values = [name_label(label) if self.as_names else label for label, _ in prediction]
        labels = [label if is_certain else "" if isinstance(label, str) else None for label in values]
        scores = [round(score, SCORE_DIGITS) for _, score in prediction]
        if has_lists and self.separator:
            return {
                "label": self.separator.join(map(name_label, labels)),
                "score": self.separator.join(map(str, scores)),
            }
        if has_lists:
            return {"label": labels, "score": scores}
        cells = (cell for pair in zip(labels, scores, strict=True) for cell in pair)
        return dict(zip(self.column_names(len(prediction)), cells, strict=True))


def add_predictions(
    classifier: Predictor, records: Iterable[Record], text_column: str, output_spec: OutputSpec
) -> Iterator[dict[str, Any]]:
    """Yield the fields of each record with the predicted columns; holds ``BATCH_ROWS`` records in memory."""
    iterator = iter(records)
    while chunk := list(itertools.islice(iterator, BATCH_ROWS)):
        columns = output_spec.predict_columns(classifier, [record.fields[text_column] for record in chunk])
        for record, values in zip(chunk, columns, strict=True):
            yield add_columns(record.fields, values)


def add_columns(fields: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    """Return fields of the input followed by new columns, see ``unique_column``."""
    return fields | {unique_column(name, fields): value for name, value in values.items()}


def unique_column(name: str, columns: Container[str]) -> str:
    """Return the name of a new column, with ``predicted_`` in front until no column of the input has the name."""
    while name in columns:
        name = f"predicted_{name}"
    return name
