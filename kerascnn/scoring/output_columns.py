"""What a classifier's answer to a text looks like: the columns that a row gains."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

    def check(self, labels: Sequence[str], *, multi: bool, otherwise: str) -> None:
        """Refuse what makes no sense of a classifier.

        Args:
            labels: Its labels.
            multi: Whether it gives any number of them.
            otherwise: What to do where labels hold the separator, the end of the message.

        Raises:
            InputError: It is to abstain and has thresholds, or one of its labels holds the separator.
        """
        if self.abstain_below and multi:
            raise InputError(
                "--abstain-below: the bundle is multi-label, and gives no label that does not reach its own threshold"
                " (thresholds in manifest.json); leave it out"
            )
        if self.separator and multi and (clash := [label for label in labels if self.separator in label]):
            raise InputError(
                f"the label {clash[0]!r} holds {self.separator!r}, which is to stand between labels; choose another"
                f" with --label-separator, or {otherwise}"
            )

    def column_names(self, labels: int) -> list[str]:
        """The columns, of a classifier of so many labels."""
        if self.top_k == 1:
            return ["label", "score"]
        return [f"{name}_{rank}" for rank in range(1, min(self.top_k, labels) + 1) for name in ("label", "score")]

    def predict_columns(self, classifier: TextClassifier, texts: Sequence[str]) -> list[dict[str, Any]]:
        """The columns of each text; scores are rounded to six digits."""
        k, multi = self.top_k, classifier.bundle_.task.name == "multi_label"
        found = classifier.predict_scored(texts) if k == 1 else classifier.predict_top_k(texts, k)
        return [self._row(answer, several=multi and k == 1) for answer in found]

    def _row(self, answer: list[tuple[Any, float]], *, several: bool) -> dict[str, Any]:
        sure = not self.abstain_below or answer[0][1] >= self.abstain_below
        labels, scores = [label if sure else "" for label, _ in answer], [round(score, 6) for _, score in answer]
        if several and self.separator:
            return {"label": self.separator.join(labels), "score": self.separator.join(map(str, scores))}
        if several:
            return {"label": labels, "score": scores}
        values = (value for pair in zip(labels, scores, strict=True) for value in pair)
        return dict(zip(self.column_names(len(answer)), values, strict=True))


def unique_column(name: str, columns: Container[str]) -> str:
    """A column of the input keeps its name and its values; ours makes way."""
    while name in columns:
        name = f"predicted_{name}"
    return name
