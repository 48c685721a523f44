"""Estimate the number of rows of a file, for the time left of a progress bar."""

from __future__ import annotations

import os

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import GZIP_MAGIC
from kerascnn.data.readers import detect_format

PIECE_BYTES = 1 << 20
"""Bytes that are read at a time."""


def estimate_rows(path: str, source: SourceConfig) -> int | None:
    """Return about how many rows a file has; None if that is not known without reading all of its rows.

    Rows of text are counted by lines, although a quoted cell may have several; Parquet files hold the number.

    Args:
        path: The file, which has been found to be readable.
        source: Format and columns.
    """
    if not os.path.isfile(path):
        return None
    name = detect_format(path, source)
    with open(path, "rb") as file:
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        first = next(pieces, b"")
        if first.startswith(GZIP_MAGIC):
            return None
        if name == "parquet":
            import pyarrow.parquet

            return int(pyarrow.parquet.read_metadata(path).num_rows)
        lines, last = first.count(b"\n"), first[-1:]
        for piece in pieces:
            lines, last = lines + piece.count(b"\n"), piece[-1:]
    lines += last not in (b"", b"\n")
    has_header = name in ("csv", "tsv") and not source.column_names
    return max(0, lines - has_header)
