"""Check for rows that repeat a text of the same split."""

from __future__ import annotations

from kerascnn.audit.corpus import SPLIT_NAMES, Corpus
from kerascnn.data.issues import Issue
from kerascnn.data.splits import drop_duplicates


def find_duplicates(corpus: Corpus) -> list[Issue]:
    """Return one issue per split with repeated texts."""
    issues: list[Issue] = []
    for name, rows in corpus.rows.items():
        duplicates = drop_duplicates(rows)[1]
        duplicates.report(
            issues, "duplicate", "note", "{count} {name} [row repeats|rows repeat] an earlier text", "remove them",
            name=SPLIT_NAMES[name],
        )  # fmt: skip
    return issues
