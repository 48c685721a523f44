"""Estimate the number of rows of files: for the time left of a progress bar, and to choose how to train."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Sequence

from kerascnn.data import demo, tfds
from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import GZIP_MAGIC, STDIN
from kerascnn.data.readers import detect_format
from kerascnn.data.sources import find_paths
from kerascnn.utils.remote_files import describe_remote, is_remote, open_remote

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


def estimate_source_rows(specs: Sequence[str], source: SourceConfig) -> int:
    """Return about how many rows sources have, without reading them.

    Standard input, whose rows are not known, and demo data, which are few, count as none.

    Args:
        specs: Sources, see ``sources.read_records``.
        source: Format and columns.
    """
    total = 0
    for spec in specs:
        if spec.startswith(tfds.PREFIX):
            total += tfds.count_rows(spec, source)
            continue
        for path in [] if spec == STDIN or spec.startswith(demo.PREFIX) else find_paths(spec):
            if is_remote(path):
                total += _estimate_remote_rows(path, source)
            elif os.path.isdir(path):
                total += sum(len(files) for _, _, files in os.walk(path))
            elif os.path.isfile(path):
                total += estimate_rows(path, source) or _estimate_compressed_rows(path)
    return total


def _estimate_compressed_rows(path: str) -> int:
    """Return about how many lines a gzipped file has, from its first lines."""
    with open(path, "rb") as binary:
        try:
            lines = gzip.GzipFile(fileobj=binary).read(PIECE_BYTES).count(b"\n")
        except (OSError, EOFError, zlib.error):  # reading the rows reports it
            return 0
        return lines * os.path.getsize(path) // max(1, binary.tell())


def _estimate_remote_rows(path: str, source: SourceConfig) -> int:
    """Return about how many rows a file of an object store has, from its first lines."""
    size, _ = describe_remote(path)
    with open_remote(path) as binary:
        if detect_format(path, source) == "parquet":
            import pyarrow.parquet

            return int(pyarrow.parquet.read_metadata(binary).num_rows)
        is_gzip = binary.peek(2).startswith(GZIP_MAGIC)
        try:
            piece = (gzip.GzipFile(fileobj=binary) if is_gzip else binary).read(PIECE_BYTES)
        except (OSError, EOFError, zlib.error):
            return 0
        return piece.count(b"\n") * size // max(1, binary.tell())
