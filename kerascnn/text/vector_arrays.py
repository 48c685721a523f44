"""Read word vectors from a NumPy ``.npz`` file: a matrix of vectors and an array of words, both in chunks."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from kerascnn.utils.errors import InputError, to_one_line

CHUNK_BYTES = 2**24
"""Approximate number of bytes to read at once."""
_CHUNK_ROWS = 4096
_MAX_ROW_BYTES = 2**20
"""Largest number of bytes of a word or a vector."""
_MAX_HEADER_BYTES = 2**16


class _Array(NamedTuple):
    """The header of an array in an archive."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran_order: bool
    offset: int

    @property
    def row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def describe(self) -> str:
        return f"{self.name} {self.shape} {self.dtype}"


def check_finite(row: np.ndarray) -> np.ndarray:
    """Return a vector as float32.

    Raises:
        ValueError: A number is not finite.
    """
    with np.errstate(over="ignore"):
        row = row.astype(np.float32)
    if not np.isfinite(row).all():
        raise ValueError("a number is not finite")
    return row


def read_arrays(path: Path, skip: Callable[[str, int], None]) -> Iterator[tuple[int, str, Callable[[], np.ndarray]]]:
    """Yield the number of each vector from 1, its word, and a function that returns it.

    Args:
        path: The file.
        skip: Counts an entry that cannot be used, given the reason and its number.

    Raises:
        InputError: The file does not hold a matrix of floats and an array of strings of the same length, or a size in
            a header is not that of the data. Other exceptions: the archive is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        arrays = [_read_header(archive, name, path) for name in archive.namelist()]
        matrices = [array for array in arrays if len(array.shape) == 2 and array.dtype.kind == "f"]
        lists = [array for array in arrays if len(array.shape) == 1 and array.dtype.kind in "US"]
        if len(matrices) != 1 or len(lists) != 1:
            found = ", ".join(array.describe() for array in arrays[:5])
            raise InputError(f"{path}: expected a matrix of floats and an array of words (strings), found {found}")
        vectors, words = matrices[0], lists[0]
        for array in (vectors, words):
            _check_size(array, archive.getinfo(array.name).file_size - array.offset, path)
        if vectors.shape[0] != words.shape[0]:
            raise InputError(
                f"{path}: {words.shape[0]:,} words for {vectors.shape[0]:,} vectors; save both again with numpy.savez"
            )
        step = max(1, min(_CHUNK_ROWS, CHUNK_BYTES // max(vectors.row_bytes, words.row_bytes)))
        with archive.open(words.name) as word_file, archive.open(vectors.name) as vector_file:
            word_file.read(words.offset)
            vector_file.read(vectors.offset)
            for start in range(0, vectors.shape[0], step):
                rows = min(step, vectors.shape[0] - start)
                names = np.frombuffer(word_file.read(rows * words.row_bytes), words.dtype)
                matrix = np.frombuffer(vector_file.read(rows * vectors.row_bytes), vectors.dtype)
                if len(names) != rows or len(matrix) != rows * vectors.shape[1]:
                    raise EOFError(f"it ends in vector {start + len(names):,} of {vectors.shape[0]:,}")
                for number, row in enumerate(matrix.reshape(rows, -1), start + 1):
                    word = _decode(names[number - start - 1 : number - start])
                    if word is None:
                        skip("its word is not Unicode text", number)
                    else:
                        yield number, word, lambda row=row: check_finite(row)  # type: ignore[misc]


def _decode(name: np.ndarray) -> str | None:
    """Return the word in an array of one string; None if it is not valid Unicode."""
    try:
        word = name.tolist()[0]
        return word.decode("utf-8") if isinstance(word, bytes) else word.encode("utf-8").decode("utf-8")
    except (ValueError, SystemError):  # SystemError: a code point beyond Unicode
        return None


def _read_header(archive: zipfile.ZipFile, name: str, path: Path) -> _Array:
    """Return the header of an array."""
    with archive.open(name) as file:
        start = io.BytesIO(file.read(_MAX_HEADER_BYTES))
    try:
        shape, is_fortran_order, dtype = _parse_header(start)
    except Exception as error:  # NumPy evaluates the header as Python: ValueError, TokenError, SyntaxError, …
        reason = to_one_line(error)[:100] or type(error).__name__
        raise InputError(f"{path}, {name}: not a NumPy array ({reason}); save it again with numpy.savez") from None
    return _Array(name, shape, dtype, is_fortran_order, start.tell())


def _check_size(array: _Array, found: int, path: Path) -> None:
    """Check that an array is in the order of its rows, and that the size in its header is that found."""
    name, shape, dtype = array.name, array.shape, array.dtype
    if array.is_fortran_order and len(shape) == 2:
        raise InputError(f"{path}, {name}: in Fortran order; save it again after numpy.ascontiguousarray")
    size = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or found != size:
        raise InputError(
            f"{path}, {name}: {found:,} bytes of data, not the {size:,} of its header, {shape} {dtype}; damaged,"
            " download it again"
        )
    if shape and shape[0] and not 1 <= array.row_bytes <= _MAX_ROW_BYTES:
        raise InputError(
            f"{path}, {name}: {array.row_bytes:,} bytes a row, {shape} {dtype}; give 1 to {_MAX_ROW_BYTES:,}"
        )


def _parse_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version in ((2, 0), (3, 0)):
        return np.lib.format.read_array_header_2_0(file)
    raise ValueError(f"version {version[0]}.{version[1]} of the format is not known")
