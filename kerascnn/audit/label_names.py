"""Check the names of labels: several labels in one, one label spelled in several ways, and missing values."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.labels import normalize_label

SEPARATORS = ";|,"
"""Characters that may join several labels."""
MISSING_VALUES = frozenset({"", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "<na>", "missing"})
"""Lower case of labels that tables and programs write where a value is missing."""


def find_label_name_issues(corpus: Corpus) -> list[Issue]:
    """Return issues of joined and similar labels, lists that are read as one label, and missing values."""
    return [
        *_find_joined_labels(corpus),
        *_find_written_lists(corpus),
        *_find_similar_labels(corpus),
        *_find_missing_values(corpus),
    ]


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


def _find_written_lists(corpus: Corpus) -> list[Issue]:
    """Find labels such as ``['a', 'b']``: pandas writes a column of lists to CSV so."""
    counter = RowCounter()
    for row in corpus.train:
        if lists := [label for label in row.labels if re.fullmatch(r"""\[\s*(["'].*["']|\d.*)?\s*\]?""", label)]:
            counter.add(row, detail=repr(lists[0]))
    issues: list[Issue] = []
    counter.report(
        issues, "list_as_label", "serious",
        "{count} training [row has a label that is a list written as text, which is|rows have labels that are lists"
        " written as text, which are] read as a label of its own",
        "join the labels of a row before the file is written, table['label'].str.join(';'), and give"
        " --label-separator ';'; or write Parquet or JSON lines, which have lists",
    )  # fmt: skip
    return issues


def _find_missing_values(corpus: Corpus) -> list[Issue]:
    """Find labels that look like a missing value."""
    counter = RowCounter()
    for row in corpus.all_rows:
        if labels := [label for label in row.labels if label.casefold() in MISSING_VALUES]:
            counter.add(row, detail=repr(labels[0]))
    issues: list[Issue] = []
    counter.report(
        issues, "missing_label_name", "warning",
        "{count} [row has a label that looks|rows have labels that look] like a missing value",
        "leave the label empty if it is not known: such rows are left out",
    )  # fmt: skip
    return issues


def _find_similar_labels(corpus: Corpus) -> list[Issue]:
    """Find labels that look alike or differ in case, spaces and punctuation: one class, spelled in several ways."""
    counts = Counter(label for row in corpus.all_rows for label in row.labels)
    most_frequent: dict[str, str] = {}
    for label, _ in counts.most_common():
        most_frequent.setdefault(_normalize(label), label)
    counter = RowCounter()
    for row in corpus.all_rows:
        if labels := [label for label in row.labels if most_frequent[_normalize(label)] != label]:
            detail = ", ".join(f"{_show(label)}, also {_show(most_frequent[_normalize(label)])}" for label in labels)
            counter.add(row, detail=detail)
    issues: list[Issue] = []
    counter.report(
        issues, "similar_labels", "serious",
        "{count} [row has a label that differs|rows have a label that differs] from another label only in case, spaces,"
        " punctuation or characters that look alike",
        "write each label in one way"
        + ("" if corpus.config.source.normalize_labels else "; --source.normalize-labels unites all but those that"
        " differ in case, spaces or punctuation"),
    )  # fmt: skip
    return issues


def _show(label: str) -> str:
    """Return a label in quotes, with its characters as numbers if its normal form looks the same."""
    return ascii(label) if normalize_label(label) != label else repr(label)


@cache
def _normalize(label: str) -> str:
    """Return a label in one case, without punctuation at its end and between letters; C++ and C# stay different."""
    label = normalize_label(label).replace("\u0130", "i")  # the dotted capital I, whose lower case has two characters
    return re.sub(r"(?<=[^\W\d_])[\s_-]+(?=[^\W\d_])", "", label.rstrip(" .,;:")).casefold() or label
