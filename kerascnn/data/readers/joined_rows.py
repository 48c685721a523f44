"""Find quotes of CSV files that are part of a text, and join lines which are rows of their own."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MAX_ROWS = 1000
"""Number of rows whose values are remembered."""

_DIFFERENT, _SIMILAR, _EQUAL = range(3)
"""How values of lines compare with those of a column; a text may have similar numbers at the starts of its lines."""
_LONG_NUMBER = 5


class JoinedRows:
    """What the values of each column of a file look like.

    Args:
        columns: Number of columns.
        options: Options of ``csv.reader``.
        sample: The first lines of the file after the header, which are added again when they are read.
    """

    def __init__(self, columns: int, options: Mapping[str, Any], sample: Sequence[str]) -> None:
        self._delimiter = options["delimiter"]
        self._values = [Counter[str]() for _ in range(columns)]
        self._count, self._sampled = 0, Counter[tuple[str, ...]]()
        rows = [_cut(fields) for _, fields in split_lines(sample, options) if len(fields) == columns]
        for row in rows:
            self.add(row)
        self._sampled = Counter(rows)

    def add(self, fields: Sequence[str]) -> None:
        """Remember the values of a row, unless the sample has it."""
        if self._count >= MAX_ROWS:
            return
        row = _cut(fields)
        if self._sampled[row]:
            self._sampled[row] -= 1
        else:
            self._count += 1
            for value, values in zip(row, self._values, strict=True):
                values[value] += 1

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
        if not all(any(fields[position] for position in others) for fields in rows):
            return False  # empty fields, as after a comma at the end of a line of a text
        kinds = [self._compare(position, [fields[position] for fields in rows]) for position in others]
        return _DIFFERENT not in kinds and _EQUAL in kinds

    def _compare(self, position: int, found: Sequence[str]) -> int:
        """Compare values of lines with those of a column; values that nearly all differ may be numbers of rows."""
        values = self._values[position]
        shape = _shape(found[0]) if 2 * len(values) > self._count else ""
        if "0" in shape and 2 * sum(values[value] for value in values if _shape(value) == shape) > self._count:
            if any(_shape(value) != shape for value in found):
                return _DIFFERENT
            return _EQUAL if _may_number_rows(found) else _SIMILAR
        if any(not values[value[:100]] for value in found):
            return _DIFFERENT
        return _EQUAL if any(found) else _SIMILAR

    def _split(self, line: str) -> list[str]:
        return line.rstrip("\r\n").split(self._delimiter)


def split_lines(lines: Sequence[str], options: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each line that is a row, with its fields; not those of texts of several lines.

    Args:
        lines: First lines of a file, which may end inside a text.
        options: Options of ``csv.reader``.
    """
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:], **options)
        try:
            fields, count = next(reader), reader.line_num
        except csv.Error:
            if start + reader.line_num >= len(lines):
                return
            fields, count = [], 1  # a fault of this line, which the next ones are read without
        if count == 1 and fields:
            yield lines[start], fields
        start += count


def _cut(fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(value[:100] for value in fields)


def _may_number_rows(found: Sequence[str]) -> bool:
    """Return whether values are not short numbers, such as those of lists and amounts in a text, or count up."""
    is_number = [value.isdecimal() and len(value) < 20 for value in found]
    if all(is_number) and all(int(after) - int(before) == 1 for before, after in itertools.pairwise(found)):
        return True
    return not any(len(value) < _LONG_NUMBER for value, is_one in zip(found, is_number, strict=True) if is_one)


def _shape(value: str) -> str:
    """Return a value with 0 in place of digits and a in place of letters."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", value[:100]))
