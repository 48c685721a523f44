"""The audit of rows in files: classes and duplicates are counted exactly, texts are checked in a sample."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerascnn.audit.class_balance import RARE_ROWS, find_class_balance_issues
from kerascnn.audit.corpus import SPLIT_NAMES, Corpus
from kerascnn.audit.duplicates import report_duplicates
from kerascnn.config import Config
from kerascnn.data.issues import Issue
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits
from kerascnn.data.stored_rows import StoredRows

SAMPLED_ROWS = 100_000
"""Number of rows of each split whose texts are checked."""
EXACT_KINDS = frozenset({"class_imbalance", "rare_class", "missing_class", "duplicate"})
"""Kinds of issues that are found in all rows."""


def is_stored(splits: Splits) -> bool:
    """Return whether the rows are in files."""
    return isinstance(splits.train, StoredRows)


def sample_splits(splits: Splits) -> Splits:
    """Return splits in memory with a part of the rows."""
    parts = {name: rows.sample(SAMPLED_ROWS) for name, rows in _stored_rows(splits)}
    return Splits(parts["train"], parts.get("validation", []), parts.get("test", []), task=splits.task)


def find_exact_issues(splits: Splits, config: Config[Any], *, duplicates: bool) -> list[Issue]:
    """Return the issues of classes, and of repeated texts, of all rows."""
    stored = dict(_stored_rows(splits))
    counts = stored["train"].count_labels()
    rare = {label for label, count in counts.items() if count < RARE_ROWS}
    has_rare = np.array([not rare.isdisjoint(labels) for labels in stored["train"].label_sets], bool)
    positions = np.flatnonzero(has_rare[stored["train"].load_array("labels")])
    # the checks of classes read the rows of rare classes, and which labels the other splits have
    rows = {"train": stored["train"].select(positions)[:]}
    rows |= {name: [Row("", (label,), "", 0) for label in stored[name].count_labels()] for name in stored.keys() - rows}
    small = Splits(rows["train"], rows.get("validation", []), rows.get("test", []), task=splits.task)
    issues = find_class_balance_issues(Corpus(small, config), counts)
    for name in stored if duplicates else ():
        report_duplicates(stored[name].count_duplicates(), SPLIT_NAMES[name], issues)
    return issues


def describe_sample(issues: Iterable[Issue], splits: Splits) -> list[Issue]:
    """Return the issues of a sample whose messages say so, without those that are found in all rows."""
    rows = len(splits.train)
    place = f"in a sample of {SAMPLED_ROWS:,} of the {rows:,} training rows, " if rows > SAMPLED_ROWS else ""
    return [
        dataclasses.replace(issue, message=place + issue.message) for issue in issues if issue.kind not in EXACT_KINDS
    ]


def count_rows(splits: Splits, statistics: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return statistics of a sample with the numbers of all rows and of all rows of each class."""
    stored = dict(_stored_rows(splits))
    return {
        name: {**values, "rows": len(stored[name]), "classes": dict(stored[name].count_labels().most_common())}
        for name, values in statistics.items()
    }


def _stored_rows(splits: Splits) -> list[tuple[str, StoredRows]]:
    pairs = [(name, getattr(splits, name)) for name in SPLIT_NAMES]
    return [(name, rows) for name, rows in pairs if isinstance(rows, StoredRows)]
