"""What a classifier's answer to a text looks like: the columns that a row gains."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerascnn.tasks import Task
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn import TextClassifier

BATCH_ROWS = 1024
"""Rows that are read and answered at a time: what the vectorizer takes in one batch. For more it sets up a pipeline,
which takes as long as the answers do."""


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """What is wanted to know of a text.

    Attributes:
        top_k: 1: the label, or all labels of a multi-label classifier; more: the k best ones, whatever their threshold.
        abstain_below: Labels are left empty where the probability of the best one is lower.
        separator: Stands between several labels, and between their scores; empty: they are lists.
    """

    top_k: int = 1
    abstain_below: float = 0.0
    separator: str = ""

    def check(self, labels: Sequence[str], *, task: Task, otherwise: str) -> None:
        """Check that the columns suit a classifier.

        Args:
            labels: Its labels.
            task: Its task.
            otherwise: What to do where labels hold the separator, the end of the message.

        Raises:
            InputError: It is to abstain and has thresholds, or one of its labels holds the separator.
        """
        if self.abstain_below:
            task.require("abstention", "--abstain-below")
        if self.separator and task.predicts_list and (clash := [label for label in labels if self.separator in label]):
            raise InputError(
                f"the label {clash[0]!r} contains the label separator {self.separator!r}; choose another with"
                f" --label-separator, or {otherwise}"
            )

    def column_names(self, labels: int) -> list[str]:
        """The columns, of a classifier of so many labels."""
        if self.top_k == 1:
            return ["label", "score"]
        return [f"{name}_{rank}" for rank in range(1, min(self.top_k, labels) + 1) for name in ("label", "score")]

    def predict_columns(self, classifier: TextClassifier, texts: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of each text; scores are rounded to six digits."""
        found = classifier.predict_scored(texts) if self.top_k == 1 else classifier.predict_top_k(texts, self.top_k)
        has_lists = self.has_lists(classifier.bundle_.task)
        return [self._row(answer, has_lists=has_lists) for answer in found]

    def has_lists(self, task: Task) -> bool:
        """Return whether the columns hold lists, joined by the separator if there is one."""
        return task.predicts_list and self.top_k == 1

    def _row(self, answer: list[tuple[Any, float]], *, has_lists: bool) -> dict[str, Any]:
        sure = not self.abstain_below or answer[0][1] >= self.abstain_below
        labels, scores = [label if sure else "" for label, _ in answer], [round(score, 6) for _, score in answer]
        if has_lists and self.separator:
            return {"label": self.separator.join(labels), "score": self.separator.join(map(str, scores))}
        if has_lists:
            return {"label": labels, "score": scores}
        values = (value for pair in zip(labels, scores, strict=True) for value in pair)
        return dict(zip(self.column_names(len(answer)), values, strict=True))


def unique_column(name: str, columns: Container[str]) -> str:
    """A column of the input keeps its name and its values; ours makes way."""
    while name in columns:
        name = f"predicted_{name}"
    return name
