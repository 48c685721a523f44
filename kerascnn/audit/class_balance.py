"""Classes and their balance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits

UNBALANCED = 5.0
"""How many times the rows of the smallest class the largest may have."""
FEW = 10
"""Training rows of a class that are hardly enough to learn it."""
BALANCE = (
    "--training.class_weights balanced, --training.sampling balanced or --training.focal_gamma 2; judge by"
    " --training.monitor macro_f1"
)
BALANCE_MULTI = "--training.focal_gamma 2; judge by --training.monitor macro_f1"
"""What helps against classes out of balance, and where a row has any number of labels."""
_SHOWN = 5


def find_class_issues(splits: Splits) -> list[Issue]:
    """Classes out of balance, with few rows, without rows to measure them on, and labels that look the same."""
    issues: list[Issue] = []
    counts = Counter(label for row in splits.train for label in row.labels)
    (largest, most), *_, (smallest, least) = counts.most_common()
    if most >= UNBALANCED * least:
        issues.append(Issue(
            "class_imbalance", "warning",
            f"the classes are out of balance: {most:,} training rows of {largest!r}, {least:,} of {smallest!r}", least,
            suggestion=BALANCE if isinstance(splits.train[0].label, str) else BALANCE_MULTI,
        ))  # fmt: skip
    _few(splits.train, counts, issues)
    for name in ("validation", "test"):
        rows: list[Row] = getattr(splits, name)
        missing = sorted(counts.keys() - {label for row in rows for label in row.labels})
        if rows and missing:
            issues.append(Issue(
                "missing_class", "warning",
                f"the {name} data has no row of {len(missing)} of {len(counts)} classes: {_named(missing)}",
                len(missing), suggestion=f"its figures say nothing of them; add such rows to the {name} data",
            ))  # fmt: skip
    _joined(splits.train, counts, issues)
    _alike([*splits.train, *splits.validation, *splits.test], issues)
    return issues


def _few(train: Sequence[Row], counts: Counter[str], issues: list[Issue]) -> None:
    few = sorted(label for label, count in counts.items() if count < FEW)
    counter = RowCounter()
    for row in train:
        if rare := [label for label in row.labels if counts[label] < FEW]:
            counter.add(row, detail=", ".join(f"{label!r}: {counts[label]}" for label in rare))
    counter.report(
        issues, "rare_class", "warning",
        f"rows of {len(few)} of {len(counts)} classes that have fewer than {FEW}, {_named(few)}",
        "add rows, or join classes; words known from elsewhere help: --vectors FILE, --init-from FOLDER",
    )  # fmt: skip


def _joined(train: Sequence[Row], counts: Counter[str], issues: list[Issue]) -> None:
    """Labels that are other labels with a mark between them: several, which were read as one."""
    for separator in ";|,":
        counter = RowCounter()
        for row in train:
            if isinstance(row.label, str) and separator in row.label:
                parts = [part.strip() for part in row.label.split(separator)]
                if all(part in counts for part in parts if part):
                    counter.add(row, detail=repr(row.label))
        counter.report(
            issues, "joined_labels", "warning",
            f"training rows whose label is other labels with {separator!r} between them",
            f"--label-separator {separator!r} reads any number of labels a row (multi-label)",
        )  # fmt: skip


def _alike(rows: Sequence[Row], issues: list[Issue]) -> None:
    """Labels that differ in case, spaces and marks alone: one class that was written in several ways."""
    counts = Counter(label for row in rows for label in row.labels)
    main: dict[str, str] = {}
    for label, _ in counts.most_common():
        main.setdefault(_bare(label), label)
    counter = RowCounter()
    for row in rows:
        if unlike := [label for label in row.labels if main[_bare(label)] != label]:
            counter.add(row, detail=", ".join(f"{label!r} beside {main[_bare(label)]!r}" for label in unlike))
    counter.report(
        issues, "similar_labels", "serious", "rows whose label differs from another in case, space or marks alone",
        "write each label in one way",
    )  # fmt: skip


def _bare(label: str) -> str:
    """A label in one case, without marks at its end and between its letters; what tells C++ from C# stays."""
    return re.sub(r"(?<=[^\W\d_])[\s_-]+(?=[^\W\d_])", "", label.rstrip(" .,;:")).casefold() or label


def _named(labels: Iterable[str]) -> str:
    labels = list(labels)
    return ", ".join(map(repr, labels[:_SHOWN])) + ", …" * (len(labels) > _SHOWN)
