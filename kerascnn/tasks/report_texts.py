"""Sentences of the report that differ between tasks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportTexts:
    """Sentences of ``report.html`` that depend on the task."""

    labels: str
    """After the number of labels."""
    reliability: str
    """What the reliability diagram shows."""
    no_confusion: str
    """In place of the confused pairs if there are none."""
    confused_pairs: str
    """Caption of the confused pairs."""
    mistakes: str
    """What blue n-grams of a mistake support."""
    uncertain: str
    """Which documents are the uncertain ones."""
    names_explained_label: bool
    """Whether the label that an example explains is named apart from its predictions."""
