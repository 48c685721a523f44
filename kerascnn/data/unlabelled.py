"""Texts without labels, beside the rows that are trained on, watched and tested."""

from __future__ import annotations

from collections.abc import Iterable

from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits


def select_unlabelled_rows(rows: Iterable[Row], splits: Splits) -> tuple[list[Row], list[str]]:
    """The rows whose text is new; what a label says is left behind.

    A text of the test or validation data is left out, or the figures would flatter; a text of the training data and a
    repeat say nothing that is not known.

    Args:
        rows: Rows with or without labels.
        splits: The labelled rows.

    Returns:
        Rows with empty labels, in their order, and what was left out.
    """
    reasons = {
        "without text": {""},
        "whose text is in the test data": {row.text for row in splits.test},
        "whose text is in the validation data": {row.text for row in splits.validation},
        "whose text is in the training data": {row.text for row in splits.train},
        "that repeat an earlier one": set(),
    }
    counters = {reason: RowCounter() for reason in reasons}
    new = []
    for row in rows:
        row = row._replace(text=row.text.replace("\0", " "), label="")
        text = row.text if row.text.strip() else ""
        reason = next((reason for reason, texts in reasons.items() if text in texts), None)
        if reason:
            counters[reason].add(row)
        else:
            reasons["that repeat an earlier one"].add(text)
            new.append(row)
    issues: list[Issue] = []
    for reason, counter in counters.items():
        counter.report(issues, "unlabelled", "note", f"unlabelled rows {reason}, left out")
    return new, [issue.message for issue in issues]
