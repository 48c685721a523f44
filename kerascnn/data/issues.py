"""What is unusual about rows, said so that a person finds them and a program can read it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kerascnn.data.records import Row, location

EXAMPLES = 5
"""Rows that an issue shows at the most."""
WIDTH = 80
"""Characters of a text that an example shows, about."""

Severity = Literal["serious", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")


class IssueExample(NamedTuple):
    """A row that an issue is about.

    Attributes:
        file: As in ``Row``.
        row: Its number, as in ``Row``.
        text: An excerpt, see ``excerpt``.
        detail: What there is to say of this row.
    """

    file: str
    row: int
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Issue:
    """Something unusual about the data.

    Attributes:
        kind: What it is, a name that programs can rely on: ``no_text``, ``shared``, ``imbalance``, …
        severity: ``serious``: figures or labels are wrong; ``warning``: accuracy is lost; ``note``: good to know.
        message: One line for people, with the count and the first row.
        count: Rows that it is true of.
        examples: The first of them, ``EXAMPLES`` at the most.
        suggestion: What helps, with the option where one does; may be empty.
    """

    kind: str
    severity: Severity
    message: str
    count: int = 0
    examples: tuple[IssueExample, ...] = ()
    suggestion: str = ""


class RowCounter:
    """How many rows something is true of, and which are the first."""

    def __init__(self) -> None:
        self.rows = 0
        self.first: Row | None = None
        self.examples: list[IssueExample] = []

    def add(self, row: Row, *, at: int = 0, detail: str = "") -> None:
        """Count a row.

        Args:
            row: The row.
            at: Position in its text that an example must show.
            detail: What there is to say of this row.
        """
        self.rows += 1
        self.first = self.first or row
        if len(self.examples) < EXAMPLES:
            self.examples.append(IssueExample(row.file, row.number, excerpt(row.text, at), detail))

    def report(self, issues: list[Issue], kind: str, severity: Severity, what: str, suggestion: str = "") -> None:
        """Add an issue, if any row was counted."""
        if self.first:
            message = f"{what}: {self.rows:,} (first: {location(self.first)})"
            issues.append(Issue(kind, severity, message, self.rows, tuple(self.examples), suggestion))


def excerpt(text: str, at: int = 0) -> str:
    """About ``WIDTH`` characters of a text on one line; what cannot be seen is escaped (``\\u200b``).

    Args:
        text: Any text.
        at: A position that the excerpt must hold.
    """
    start = max(0, at - WIDTH // 2) if at > WIDTH * 3 // 4 else 0
    shown = re.sub(r"\s+", " ", text[start : start + WIDTH])
    shown = "".join(map(_visible, shown)).strip()
    return "…" * (start > 0) + shown + "…" * (start + WIDTH < len(text))


def _visible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
    return character
