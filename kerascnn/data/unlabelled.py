"""Select unlabelled rows whose texts are not in the labelled data."""

from __future__ import annotations

from collections.abc import Iterable

from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits


def select_unlabelled_rows(rows: Iterable[Row], splits: Splits) -> tuple[list[Row], list[str]]:
    """Return the rows with new texts, without their labels, and messages about the dropped rows.

    Texts of the validation and test data are dropped because they would inflate the metrics, and texts of the training
    data and repeated texts because they add nothing.

    Args:
        rows: Rows with or without labels.
        splits: The labelled rows.
    """
    selected_texts: set[str] = set()
    known_texts = {
        "[has|have] no text": {""},
        "[repeats|repeat] a text of the test data": {row.text for row in splits.test},
        "[repeats|repeat] a text of the validation data": {row.text for row in splits.validation},
        "[repeats|repeat] a text of the training data": {row.text for row in splits.train},
        "[repeats|repeat] an earlier text": selected_texts,
    }
    counters = {reason: RowCounter() for reason in known_texts}
    selected = []
    for row in rows:
        row = row._replace(text=row.text.replace("\0", " "), labels=())
        text = row.text if row.text.strip() else ""
        reason = next((reason for reason, texts in known_texts.items() if text in texts), None)
        if reason:
            counters[reason].add(row)
        else:
            selected_texts.add(text)
            selected.append(row)
    issues: list[Issue] = []
    for reason, counter in counters.items():
        counter.report(
            issues, "unlabelled", "note", "{count} unlabelled [row|rows] " + reason + " and [was|were] dropped"
        )
    return selected, [issue.message for issue in issues]
