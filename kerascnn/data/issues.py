"""Issues: unusual properties of rows, for people and for programs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kerascnn.data.records import Row, location

MAX_EXAMPLES = 5
"""Largest number of rows that an issue shows."""
EXCERPT_WIDTH = 80
"""Approximate number of characters of a text that an example shows."""

Severity = Literal["serious", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")
_ALTERNATIVES = re.compile(r"\[([^|\]]*)\|([^|\]]*)\]")


class IssueExample(NamedTuple):
    """A row that has an issue.

    Attributes:
        file: As in ``Row``.
        row: Number of the row, as in ``Row``.
        text: Excerpt of the text, see ``excerpt``.
        detail: Details about this row; may be empty.
    """

    file: str
    row: int
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Issue:
    """Something unusual about the data.

    Attributes:
        kind: Stable name for programs, such as ``empty_text`` or ``class_imbalance``.
        severity: ``serious``: metrics or labels are wrong; ``warning``: the model loses accuracy; ``note``: good to
            know.
        message: One line for people, with the number of rows and the location of the first.
        count: Number of rows that have the issue.
        examples: The first ``MAX_EXAMPLES`` of them.
        suggestion: The remedy, with the command-line option if there is one; may be empty.
    """

    kind: str
    severity: Severity
    message: str
    count: int = 0
    examples: tuple[IssueExample, ...] = ()
    suggestion: str = ""


class RowCounter:
    """Counts the rows that have an issue and keeps the first of them.

    Attributes:
        count: Number of rows.
        first: The first row; None if there is none.
        examples: The first ``MAX_EXAMPLES`` rows.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first: Row | None = None
        self.examples: list[IssueExample] = []

    def add(self, row: Row, *, position: int = 0, detail: str = "") -> None:
        """Count a row.

        Args:
            row: The row.
            position: Position in the text that the excerpt must include.
            detail: Details about this row.
        """
        self.count += 1
        self.first = self.first or row
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(IssueExample(row.file, row.number, excerpt(row.text, position), detail))

    def report(
        self,
        issues: list[Issue],
        kind: str,
        severity: Severity,
        template: str,
        suggestion: str = "",
        **values: object,
    ) -> None:
        """Append an issue if any row was counted.

        Args:
            issues: The list to append to.
            kind: As in ``Issue``.
            severity: As in ``Issue``.
            template: The message, with ``{count}``, ``[singular|plural]`` and the names of ``values``, for example
                ``{count} [row has|rows have] no text``. The location of the first row is added.
            suggestion: As in ``Issue``.
            values: Values to fill in.
        """
        if self.first:
            message = _ALTERNATIVES.sub(lambda match: match[1 if self.count == 1 else 2], template)
            message = f"{message.format(count=f'{self.count:,}', **values)} (first: {location(self.first)})"
            issues.append(Issue(kind, severity, message, self.count, tuple(self.examples), suggestion))


def excerpt(text: str, position: int = 0) -> str:
    """Return about ``EXCERPT_WIDTH`` characters of a text on one line; invisible characters are escaped (``\\u200b``).

    Args:
        text: Any text.
        position: Position that the excerpt must include.
    """
    start = max(0, position - EXCERPT_WIDTH // 2) if position > EXCERPT_WIDTH * 3 // 4 else 0
    shown = re.sub(r"\s+", " ", text[start : start + EXCERPT_WIDTH])
    shown = "".join(map(_escape_invisible, shown)).strip()
    return "…" * (start > 0) + shown + "…" * (start + EXCERPT_WIDTH < len(text))


def _escape_invisible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
    return character
