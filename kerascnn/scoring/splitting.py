"""Split a large file into pieces that start and end between two records, and read a piece as a file of its own."""

from __future__ import annotations

import codecs
import contextlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import GZIP_MAGIC
from kerascnn.data.readers import detect_format
from kerascnn.scoring.parts import PIECES, Part, PieceUnit
from kerascnn.utils.errors import InputError

PIECE_BYTES = 2**23
"""Approximate size of a piece, seconds of work; text of less than two is not split. At the end, workers wait for one
piece at most."""
_ENCODINGS = frozenset({"utf-8", "utf-8-sig", "ascii", "gb18030", "gbk", "gb2312", "big5"})
_ENCODING_FAMILIES = ("iso8859", "cp125")
"""Encodings in which line feeds and quotes are single bytes, and no other characters contain these bytes."""
_BOM = codecs.BOM_UTF8
_BLOCK = 2**20
_ROW_BYTES = 256
"""Bytes that a row of Parquet counts as at least, however well it is compressed: its text is to be scored."""
_MIN_PARQUET_SHARE = 32
"""Parquet files of fewer bytes than this part of a piece are not opened."""


def split_part(part: Part, source: SourceConfig, piece_bytes: int = PIECE_BYTES) -> list[Part]:
    """Return the pieces of a part in their order; the part itself if it is not large, or cannot be split.

    Parquet is split between row groups, CSV, TSV and JSON Lines between records. A line feed in quotes is not the end
    of a record of CSV; quotes are counted from the start of the file. If a quote is never closed, they do not tell
    where a record ends, so the reader of a piece has to check that no record was cut, see ``worker``.

    Args:
        part: A file of rows.
        source: How to read it.
        piece_bytes: Approximate size of a piece.
    """
    if part.size < piece_bytes // _MIN_PARQUET_SHARE:
        return [part]
    try:
        unit, header, cuts = _find_cuts(part, source, piece_bytes)
    except Exception:  # the worker that reads the file reports what is wrong with it
        return [part]
    if len(cuts) < 3:
        return [part]
    folder, name = Path(part.output).parent / PIECES, Path(part.output).name.removesuffix(".parquet")
    return [
        part._replace(
            output=str(folder / f"{name}-{start}-{stop}.parquet"), unit=unit, header=header, start=start, stop=stop
        )
        for start, stop in itertools.pairwise(cuts)
    ]


def _find_cuts(part: Part, source: SourceConfig, piece_bytes: int) -> tuple[PieceUnit, int, list[int]]:
    """Return the unit of the positions, the bytes of the header, and where pieces start, then the end."""
    kind = detect_format(part.path, source)
    if kind == "parquet":
        return "row_groups", 0, _group_row_groups(part.path, piece_bytes)
    if part.size < 2 * piece_bytes:
        return "bytes", 0, []
    encoding = codecs.lookup(source.encoding).name
    is_splittable = encoding in _ENCODINGS or encoding.startswith(_ENCODING_FAMILIES)
    with open(part.path, "rb") as file:
        if kind not in ("csv", "tsv", "jsonl") or not is_splittable or file.read(2) == GZIP_MAGIC:
            return "bytes", 0, []
        file.seek(0)
        header, has_quotes = 0, False
        if kind == "jsonl":
            if file.read(_BLOCK).removeprefix(_BOM).lstrip().startswith(b"["):  # an array
                return "bytes", 0, []
        else:
            header, has_quotes = _find_header_end(file, source), source.quoting != "none"
        return "bytes", header, _cut_lines(file, header, part.size, piece_bytes, has_quotes=has_quotes)


def _group_row_groups(path: str, piece_bytes: int) -> list[int]:
    import pyarrow.parquet

    metadata = pyarrow.parquet.read_metadata(path)
    cuts, size = [0], 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        compressed = sum(group.column(column).total_compressed_size for column in range(group.num_columns))
        size += max(compressed, _ROW_BYTES * group.num_rows)
        if size >= piece_bytes or number == metadata.num_row_groups - 1:
            cuts.append(number + 1)
            size = 0
    return cuts


def _find_header_end(file: IO[bytes], source: SourceConfig) -> int:
    """Return the position of the first row of a table: after blank lines, the line sep=, and the header."""
    line = file.readline(source.max_row_bytes)
    while line and not line.removeprefix(_BOM).strip():
        line = file.readline(source.max_row_bytes)
    if line.removeprefix(_BOM).lstrip(b'"').lower().startswith(b"sep="):
        line = file.readline(source.max_row_bytes)
    if source.column_names:
        return file.tell() - len(line)
    while line.count(b'"') % 2 and source.quoting != "none" and (more := file.readline(source.max_row_bytes)):
        line += more
    return file.tell()


def _cut_lines(file: IO[bytes], start: int, size: int, piece_bytes: int, *, has_quotes: bool) -> list[int]:
    """Return positions between two lines that are not blank, outside quotes, ``piece_bytes`` or more apart."""
    cuts, quotes = [start], 0
    file.seek(start)
    while size - file.tell() > 1.5 * piece_bytes:
        remaining = piece_bytes
        while remaining and (block := file.read(min(remaining, _BLOCK))):
            quotes += block.count(b'"') if has_quotes else 0
            remaining -= len(block)
        is_first = True
        while line := file.readline(_BLOCK):
            quotes += line.count(b'"') if has_quotes else 0
            # of the first line, only the end has been read
            is_blank = not line.strip() or line.endswith(b"\r\r\n")  # a line may end in a carriage return
            if quotes % 2 == 0 and line.endswith(b"\n") and not is_blank and not is_first:
                following = file.read(1)
                file.seek(-len(following), os.SEEK_CUR)
                if following.strip():
                    cuts.append(file.tell())
                    break
            is_first = False
    return [*cuts, size]


@contextlib.contextmanager
def open_piece(part: Part) -> Iterator[tuple[str, int]]:
    """Copy a piece of text to a file of its own, with the header of its file.

    Yields:
        The path to read, and the number of line ends in the piece. Of a part, and of a piece of Parquet, the path is
        that of the file, and the number 0.
    """
    if part.unit != "bytes":
        yield part.path, 0
        return
    with open(part.path, "rb") as file:
        header = file.read(part.header)
        file.seek(part.start)
        data = file.read(part.stop - part.start)
    lines = data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(part.path).name
        path.write_bytes(header + data)
        del header, data
        try:
            yield str(path), lines
        except InputError as error:
            raise type(error)(str(error).replace(str(path), part.path)) from None
