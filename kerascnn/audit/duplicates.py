"""Check for rows that repeat a text of the same split."""

from __future__ import annotations

from kerascnn.audit.corpus import SPLIT_NAMES, Corpus
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.splits import drop_duplicates


def find_duplicates(corpus: Corpus) -> list[Issue]:
    """Return one issue per split with repeated texts."""
    issues: list[Issue] = []
    for name, rows in corpus.rows.items():
        report_duplicates(drop_duplicates(rows)[1], SPLIT_NAMES[name], issues)
    return issues


def report_duplicates(duplicates: RowCounter, name: str, issues: list[Issue]) -> None:
    """Append an issue of the rows that repeat a text, if there are any.

    Args:
        duplicates: Counter of these rows.
        name: Name of their split in messages.
        issues: The issue is appended here.
    """
    duplicates.report(
        issues, "duplicate", "note", "{count} {name} [row repeats|rows repeat] an earlier text", "remove them",
        name=name,
    )  # fmt: skip
