"""Read pretrained word vectors from a file, only the rows of a vocabulary.

Supported formats, plain, gzipped or zipped: GloVe (text without a header), word2vec (text or binary) and fastText
``.vec`` (text with the header ``words dimensions``); also NumPy ``.npz`` with a matrix of vectors and an array of
words.
"""

from __future__ import annotations

import gzip
import io
import itertools
import math
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from kerascnn.utils.errors import InputError

Entry = tuple[int, str, Callable[[], np.ndarray]]
"""Line or vector number from 1, word, and a function that parses its vector: only few words need theirs."""

_CHUNK_ROWS = 4096
_MAX_WORD_BYTES = 10_000


@dataclass(frozen=True)
class WordVectors:
    """The vectors that a file has for a vocabulary."""

    ids: np.ndarray
    """Ids of the tokens that have a vector, int64 (matches,), ascending."""
    rows: np.ndarray
    """Their vectors, float32 (matches, dimensions)."""
    messages: tuple[str, ...] = ()
    """Warnings about entries of the file that were skipped, one sentence each."""


@dataclass
class _SkippedEntries:
    """Counts the skipped entries of a file by reason."""

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    first_lines: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, line: int) -> None:
        self.counts[reason] += 1
        self.first_lines.setdefault(reason, line)

    def messages(self) -> tuple[str, ...]:
        return tuple(
            f"{self.path}: skipped {count} {'entry' if count == 1 else 'entries'}, the first on line"
            f" {self.first_lines[reason]}: {reason}"
            for reason, count in self.counts.items()
        )


def read_vectors(path: str | Path, vocabulary: Sequence[str]) -> WordVectors:
    """Read the vectors of the tokens in a vocabulary.

    A token gets the vector of the same word; otherwise that of the first word that equals it in lower case; otherwise
    that of the first word that equals it after NFKC normalization and case folding.

    Args:
        path: The file.
        vocabulary: Tokens by id; ids 0 and 1, padding and unknown, get no vector.

    Raises:
        InputError: The file is missing, damaged or of an unknown format, or has none of the tokens.
    """
    path = Path(path)
    exact = {token: number for number, token in enumerate(vocabulary) if number > 1}
    folded: dict[str, int] = {}
    for token, number in exact.items():
        folded.setdefault(_fold(token), number)
    ranks: dict[int, int] = {}
    rows: dict[int, np.ndarray] = {}
    skipped = _SkippedEntries(path)
    for line, word, parse_vector in _read_entries(path, skipped):
        match = _look_up(word, exact, folded)
        if match is None:
            continue
        rank, number = match
        if ranks.get(number, 3) <= rank:
            if ranks[number] == rank == 0:
                skipped.add("its word is a duplicate; the first one is used", line)
            continue
        try:
            row = parse_vector()
        except ValueError as error:
            skipped.add(str(error), line)
            continue
        ranks[number], rows[number] = rank, row
    if not rows:
        raise InputError(f"{path}: has none of the {len(exact):,} tokens; are its language and the text level right?")
    ids = sorted(rows)
    return WordVectors(np.array(ids), np.stack([rows[number] for number in ids]), skipped.messages())


def read_words(path: str | Path) -> Iterator[str]:
    """Yield the words of a file in its order, which usually is by decreasing frequency."""
    for _, word, _ in _read_entries(Path(path), _SkippedEntries(Path(path))):
        yield word


def _look_up(word: str, exact: dict[str, int], folded: dict[str, int]) -> tuple[int, int] | None:
    """Return the rank of the match (0 is an exact one) and the id of the token that matches a word of the file."""
    for rank, (table, key) in enumerate(((exact, word), (exact, word.lower()), (folded, _fold(word)))):
        if (number := table.get(key)) is not None:
            return rank, number
    return None


def _fold(word: str) -> str:
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()


def _read_entries(path: Path, skipped: _SkippedEntries) -> Iterator[Entry]:
    try:
        with ExitStack() as stack:
            file = _open(path, stack)
            yield from _read_npz(path) if file is None else _read_text_or_binary(path, file, skipped)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file of word vectors") from None
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: damaged or truncated ({error}); download it again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _open(path: Path, stack: ExitStack) -> io.BufferedReader | None:
    """Open a file and decompress it; return None for a NumPy archive, which is a zip of arrays."""
    raw = stack.enter_context(path.open("rb"))
    magic = raw.peek(4)
    if magic.startswith(b"\x1f\x8b"):
        return io.BufferedReader(stack.enter_context(gzip.open(raw)))
    if not magic.startswith(b"PK"):
        return raw
    archive = stack.enter_context(zipfile.ZipFile(raw))
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if all(name.endswith(".npy") for name in names):
        return None
    if len(names) != 1:
        raise InputError(f"{path}: expected a zip of one file, found {', '.join(names[:5])}; unpack it")
    return io.BufferedReader(stack.enter_context(archive.open(names[0])))  # type: ignore[arg-type]


def _read_text_or_binary(path: Path, file: io.BufferedReader, skipped: _SkippedEntries) -> Iterator[Entry]:
    first = file.readline(2**20).rstrip()
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        count, size = int(header[0]), int(header[1])
        is_text = _is_text(file.peek(_MAX_WORD_BYTES), size)
        entries = _read_text(path, file, size, 2, skipped) if is_text else _read_binary(path, file, size, count)
    else:
        count, size = -1, len(header) - 1
        if size < 2 or not _are_numbers(header[1:]):
            raise InputError(
                f"{path}, line 1: not word vectors (found {first[:40]!r}); supported: GloVe, word2vec,"
                " fastText .vec, .npz"
            )
        entries = _read_text(path, itertools.chain([first], file), size, 1, skipped)
    last = 0
    for last, word, parse_vector in entries:
        yield last, word, parse_vector
    if count not in (-1, last, last - 1):
        skipped.add(f"the header gives {count:,} vectors, but the last one is on line {last:,}", 1)


def _is_text(start: bytes, size: int) -> bool:
    """Return whether vectors of a size are stored as text: a word, then printed numbers."""
    line = start.split(b"\n", 1)[0].split()
    return _are_numbers(line[1 : size + 1]) and len(line) > min(size, 2)


def _are_numbers(fields: Sequence[bytes]) -> bool:
    try:
        return bool(fields) and all(math.isfinite(float(field)) for field in fields[:-1])
    except ValueError:
        return False


def _read_text(
    path: Path, file: Iterable[bytes], size: int, first_line: int, skipped: _SkippedEntries
) -> Iterator[Entry]:
    for number, line in enumerate(file, first_line):
        line = line.replace(b"\t", b" ").strip(b" \r\n")
        if line.count(b" ") == size:
            word = line[: line.index(b" ")]
        elif line.count(b" ") > size:  # a word that contains spaces
            word = line.rsplit(b" ", size)[0]
        elif number == 2 and first_line == 2 and line:
            raise InputError(
                f"{path}, line 2: {line.count(b' ')} numbers, not {size} as in the header; download it again"
            )
        else:
            skipped.add(f"fewer than {size} numbers", number)
            continue
        try:
            decoded = word.decode("utf-8")
        except UnicodeDecodeError:
            skipped.add("its word is not UTF-8", number)
            continue
        yield number, decoded, lambda line=line: _parse_row(line.rsplit(b" ", size)[1:])  # type: ignore[misc]


def _parse_row(fields: Sequence[bytes]) -> np.ndarray:
    try:
        row = np.array([float(field) for field in fields], np.float32)
    except ValueError:
        raise ValueError("a value is not a number") from None
    return _check_finite(row)


def _read_binary(path: Path, file: io.BufferedReader, size: int, count: int) -> Iterator[Entry]:
    for number in range(1, count + 1):
        word = bytearray()
        while (byte := file.read(1)) != b" ":
            if not byte or len(word) > _MAX_WORD_BYTES:
                raise InputError(f"{path}: vector {number:,} of {count:,} is truncated or damaged; download it again")
            word += byte
        content = file.read(4 * size)
        if len(content) < 4 * size:
            raise InputError(f"{path}: truncated in vector {number:,} of {count:,}; download it again")
        # the original program writes a newline after each vector, gensim does not
        decoded = bytes(word).lstrip(b"\n").decode("utf-8", "replace")
        yield number, decoded, lambda content=content: _check_finite(np.frombuffer(content, "<f4"))  # type: ignore[misc]


def _check_finite(row: np.ndarray) -> np.ndarray:
    if not np.isfinite(row).all():
        raise ValueError("a number is not finite")
    return row.astype(np.float32)


def _read_npz(path: Path) -> Iterator[Entry]:
    """Read the matrix in chunks; the words are read at once."""
    with zipfile.ZipFile(path) as archive:
        headers = {name: _read_header(archive, name) for name in archive.namelist()}
        matrices = [name for name, (shape, dtype) in headers.items() if len(shape) == 2 and dtype.kind == "f"]
        lists = [name for name, (shape, dtype) in headers.items() if len(shape) == 1 and dtype.kind in "US"]
        if len(matrices) != 1 or len(lists) != 1:
            found = ", ".join(f"{name} {shape} {dtype}" for name, (shape, dtype) in headers.items())
            raise InputError(f"{path}: expected a matrix of floats and an array of words (strings), found {found}")
        (count, size), dtype = headers[matrices[0]]
        with archive.open(lists[0]) as file:
            words = np.lib.format.read_array(file, allow_pickle=False)
        if len(words) != count:
            raise InputError(f"{path}: {len(words):,} words for {count:,} vectors")
        with archive.open(matrices[0]) as file:
            _skip_header(file)
            for start in range(0, count, _CHUNK_ROWS):
                rows = np.frombuffer(file.read(_CHUNK_ROWS * size * dtype.itemsize), dtype).reshape(-1, size)
                for number, (name, row) in enumerate(zip(words[start:], rows, strict=False), start + 1):
                    word = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
                    yield number, word, lambda row=row: _check_finite(row)  # type: ignore[misc]


def _read_header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with archive.open(name) as file:
        return _skip_header(file)


def _skip_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, is_fortran_order, dtype = read_header(file)
    if is_fortran_order and len(shape) == 2:
        raise InputError("a matrix in Fortran order; save it again after numpy.ascontiguousarray")
    return shape, dtype
