"""Check the names of labels: several labels joined to one, and one label spelled in several ways."""

from __future__ import annotations

import re
from collections import Counter

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter

SEPARATORS = ";|,"
"""Characters that may join several labels."""


def find_label_name_issues(corpus: Corpus) -> list[Issue]:
    """Return issues of joined and of similar labels."""
    return [*_find_joined_labels(corpus), *_find_similar_labels(corpus)]


def _find_joined_labels(corpus: Corpus) -> list[Issue]:
    """Find labels that consist of other labels: several labels, read as one."""
    if corpus.task.predicts_list:
        return []
    labels = {row.label for row in corpus.train}
    issues: list[Issue] = []
    for separator in SEPARATORS:
        counter = RowCounter()
        for row in corpus.train:
            if separator in row.label:
                parts = [part.strip() for part in row.label.split(separator)]
                if all(part in labels for part in parts if part):
                    counter.add(row, detail=repr(row.label))
        counter.report(
            issues, "joined_labels", "warning",
            "{count} training [row has a label that consists|rows have labels that consist] of other labels joined by"
            " {separator!r}",
            f"--label-separator {separator!r} reads several labels per row (multi-label)", separator=separator,
        )  # fmt: skip
    return issues


def _find_similar_labels(corpus: Corpus) -> list[Issue]:
    """Find labels that differ in case, spaces and punctuation only: one class, spelled in several ways."""
    counts = Counter(label for row in corpus.all_rows for label in row.labels)
    most_frequent: dict[str, str] = {}
    for label, _ in counts.most_common():
        most_frequent.setdefault(_normalize(label), label)
    counter = RowCounter()
    for row in corpus.all_rows:
        if labels := [label for label in row.labels if most_frequent[_normalize(label)] != label]:
            detail = ", ".join(f"{label!r}, also {most_frequent[_normalize(label)]!r}" for label in labels)
            counter.add(row, detail=detail)
    issues: list[Issue] = []
    counter.report(
        issues, "similar_labels", "serious",
        "{count} [row has a label that differs|rows have a label that differs] from another label only in case, spaces"
        " or punctuation",
        "write each label in one way",
    )  # fmt: skip
    return issues


def _normalize(label: str) -> str:
    """Return a label in one case, without punctuation at its end and between letters; C++ and C# stay different."""
    return re.sub(r"(?<=[^\W\d_])[\s_-]+(?=[^\W\d_])", "", label.rstrip(" .,;:")).casefold() or label
