"""Find quotes of CSV files that are part of a text, and join lines which are rows of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

MAX_ROWS = 1000
"""Number of rows whose values are remembered."""


class JoinedRows:
    """What the values of each column of a file look like.

    Args:
        columns: Number of columns.
        delimiter: Character between the columns.
        sample: The first lines of the file after the header.
    """

    def __init__(self, columns: int, delimiter: str, sample: Sequence[str]) -> None:
        self._delimiter = delimiter
        self._values = [Counter[str]() for _ in range(columns)]
        self._count = 0
        for fields in map(self._split, sample):
            if len(fields) == columns:
                self.add(fields)

    def add(self, fields: Sequence[str]) -> None:
        """Remember the values of a row."""
        if self._count < MAX_ROWS:
            self._count += 1
            for value, values in zip(fields, self._values, strict=True):
                values[value[:100]] += 1

    def are_rows(self, lines: Sequence[str]) -> bool:
        """Return whether each line of a record looks like a row: as many fields, and values that other rows have.

        Args:
            lines: Lines of a record with a quoted text.
        """
        rows = list(map(self._split, lines))
        if len(self._values) < 2 or len(rows) < 2 or any(len(fields) != len(self._values) for fields in rows):
            return False
        quoted = next((position for position, value in enumerate(rows[0]) if value.startswith('"')), None)
        others = [position for position in range(len(self._values)) if position != quoted]
        return all(self._fits(position, fields[position]) for fields in rows for position in others)

    def _fits(self, position: int, value: str) -> bool:
        """Return whether a column has a value twice, or if most values differ, as numbers of rows do, such values."""
        values = self._values[position]
        if 2 * len(values) > self._count:
            shape = _shape(value)
            similar = sum(count for other, count in values.items() if _shape(other) == shape)
            return "0" in shape and 2 * similar > self._count
        return values[value] > 1

    def _split(self, line: str) -> list[str]:
        return line.rstrip("\r\n").split(self._delimiter)


def _shape(value: str) -> str:
    """Return a value with 0 in place of digits and a in place of letters."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", value[:100]))
