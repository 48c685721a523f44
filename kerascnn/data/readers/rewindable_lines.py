"""Lines of a CSV file that can be read again, because a quote that is left open includes lines of other rows."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable

from kerascnn.data.encodings import count_bytes, describe_too_large

PEEK_CHARACTERS = 65_536
"""Number of characters from which ``peek`` returns no more lines."""


class RowTooLargeError(csv.Error):
    """A record has too many bytes, perhaps because a quote is left open."""


class RewindableLines:
    """An iterator over lines that can read the lines of the current record again.

    Args:
        lines: The lines.
        max_bytes: Largest number of bytes of a record; a quote that is left open includes all lines after it.

    Attributes:
        number: Number of lines read so far.
        record: Lines read since ``start_record``.
    """

    def __init__(self, lines: Iterable[str], max_bytes: int) -> None:
        self.number = self._bytes = 0
        self._max_bytes = max_bytes
        self.record: list[str] = []
        self._lines, self._rewound = iter(lines), deque[str]()

    def __iter__(self) -> RewindableLines:
        return self

    def __next__(self) -> str:
        line = self._take()
        self.number += 1
        self.record.append(line)
        self._bytes += count_bytes(line)
        if self._bytes > self._max_bytes and len(self.record) > 1:
            raise RowTooLargeError(describe_too_large(self._max_bytes))
        return line

    def start_record(self) -> None:
        """Start a record at the next line."""
        self.record, self._bytes = [], 0

    def rewind_to_second_line(self) -> None:
        """Reduce the record to its first line, and read its other lines again."""
        self._rewound.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1
        self.record = self.record[:1]

    def skip_blank_lines(self) -> None:
        """Skip blank lines before a header."""
        while lines := self.peek(1):
            if lines[0].strip():
                break
            self._rewound.clear()
            self.number += 1

    def peek(self, count: int) -> list[str]:
        """Return at most ``count`` of the next lines, fewer if they are long, which are read again later."""
        lines: list[str] = []
        while len(lines) < count and sum(map(len, lines)) < PEEK_CHARACTERS:
            try:
                lines.append(self._take())
            except StopIteration:
                break
        self._rewound.extendleft(reversed(lines))
        return lines

    def _take(self) -> str:
        return self._rewound.popleft() if self._rewound else next(self._lines)
