"""Read plain text files with one text per line."""

from __future__ import annotations

from collections.abc import Iterator

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import describe_undecodable, read_lines
from kerascnn.data.readers.base import decoding_errors
from kerascnn.data.records import BadRow, BadRowHandler, Record


def read_txt(path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler) -> Iterator[Record]:
    """Yield one record per line, which has a text and no other column; blank lines are empty texts."""
    errors = decoding_errors(on_bad_row)
    lines = read_lines(path, source.encoding, max_bytes=source.max_row_bytes, errors=errors, is_table=False)
    for number, line in enumerate(lines, start=1):
        if fault := describe_undecodable(line, source.encoding):
            on_bad_row(BadRow(path, number, fault, line))
        else:
            yield Record({source.text_column: line.rstrip("\n")}, path, number)


def text_column(path: str, source: SourceConfig) -> list[str]:
    """Return the name of the text column, the only one."""
    return [source.text_column]
