"""Pretrained vectors from a file, of which only the rows for a vocabulary are kept.

Read as they come, plain, gzipped or zipped: GloVe (text without a header), word2vec (text or binary) and fastText
``.vec`` (text with the header ``words dimensions``), and NumPy ``.npz`` with a matrix of vectors and an array of words.
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

import numpy as np

from kerascnn.utils.errors import InputError

Entry = tuple[int, str, Callable[[], np.ndarray]]
"""Number of a line or vector from 1, its word, and a function that parses its numbers, which few words need."""

_CHUNK = 4096
_LONGEST_WORD = 10_000


@dataclass(frozen=True)
class WordVectors:
    """What a file knows of a vocabulary."""

    ids: np.ndarray
    """Ids that have a vector, int64 (known,), ascending."""
    rows: np.ndarray
    """Their vectors, float32 (known, dimensions)."""
    messages: tuple[str, ...] = ()
    """What was wrong with the file and could be passed over, a sentence each."""


@dataclass
class _Faults:
    """Lines that were passed over, counted by what is wrong with them."""

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, fault: str, line: int) -> None:
        self.counts[fault] += 1
        self.first.setdefault(fault, line)

    def messages(self) -> tuple[str, ...]:
        return tuple(
            f"{self.path}: {count} {'entry' if count == 1 else 'entries'} passed over, the first on line"
            f" {self.first[fault]}: {fault}"
            for fault, count in self.counts.items()
        )


def read_vectors(path: str | Path, vocabulary: Sequence[str]) -> WordVectors:
    """Find the vectors of a vocabulary.

    A token takes the vector of the same word; else that of the first word which is the token in lower case; else of the
    first that is the same in Unicode's compatible, case-folded form (NFKC).

    Args:
        path: The file.
        vocabulary: Tokens by id; 0 and 1, padding and unknown, get no vector.

    Raises:
        InputError: The file is missing, damaged, of an unknown format, or knows none of the tokens.
    """
    path = Path(path)
    exact = {token: number for number, token in enumerate(vocabulary) if number > 1}
    folded: dict[str, int] = {}
    for token, number in exact.items():
        folded.setdefault(_fold(token), number)
    ranks: dict[int, int] = {}
    rows: dict[int, np.ndarray] = {}
    faults = _Faults(path)
    for line, word, numbers in _entries(path, faults):
        found = _look_up(word, exact, folded)
        if found is None:
            continue
        rank, number = found
        if ranks.get(number, 3) <= rank:
            if ranks[number] == rank == 0:
                faults.add("its word stands in the file before, and the first counts", line)
            continue
        try:
            row = numbers()
        except ValueError as error:
            faults.add(str(error), line)
            continue
        ranks[number], rows[number] = rank, row
    if not rows:
        raise InputError(
            f"{path}: knows none of the {len(exact):,} tokens; is it made for another language or for words?"
        )
    ids = sorted(rows)
    return WordVectors(np.array(ids), np.stack([rows[number] for number in ids]), faults.messages())


def read_words(path: str | Path) -> Iterator[str]:
    """The words of a file, in its order, which is mostly by falling frequency."""
    for _, word, _ in _entries(Path(path), _Faults(Path(path))):
        yield word


def _look_up(word: str, exact: dict[str, int], folded: dict[str, int]) -> tuple[int, int] | None:
    """How far a word of the file is from a token, 0 the same, and the token's id."""
    for rank, (table, key) in enumerate(((exact, word), (exact, word.lower()), (folded, _fold(word)))):
        if (number := table.get(key)) is not None:
            return rank, number
    return None


def _fold(word: str) -> str:
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()


def _entries(path: Path, faults: _Faults) -> Iterator[Entry]:
    try:
        with ExitStack() as stack:
            file = _open(path, stack)
            yield from _npz(path) if file is None else _text_or_binary(path, file, faults)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file of vectors") from None
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: damaged or cut short ({error}); fetch it again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None


def _open(path: Path, stack: ExitStack) -> io.BufferedReader | None:
    """The content, unpacked; None for a NumPy archive, which is a zip of arrays."""
    raw = stack.enter_context(path.open("rb"))
    magic = raw.peek(4)
    if magic.startswith(b"\x1f\x8b"):
        return io.BufferedReader(stack.enter_context(gzip.open(raw)))  # type: ignore[type-var]
    if not magic.startswith(b"PK"):
        return raw
    archive = stack.enter_context(zipfile.ZipFile(raw))
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if all(name.endswith(".npy") for name in names):
        return None
    if len(names) != 1:
        raise InputError(f"{path}: a zip of one file was expected, this one holds {', '.join(names[:5])}; unpack it")
    return io.BufferedReader(stack.enter_context(archive.open(names[0])))  # type: ignore[arg-type]


def _text_or_binary(path: Path, file: io.BufferedReader, faults: _Faults) -> Iterator[Entry]:
    first = file.readline(2**20).rstrip()
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        count, size = int(header[0]), int(header[1])
        text = _is_text(file.peek(_LONGEST_WORD), size)
        entries = _text(path, file, size, 2, faults) if text else _binary(path, file, size, count)
    else:
        count, size = -1, len(header) - 1
        if size < 2 or not _are_numbers(header[1:]):
            raise InputError(
                f"{path}, line 1: no vectors (found {first[:40]!r}); GloVe, word2vec, fastText .vec and .npz are read"
            )
        entries = _text(path, itertools.chain([first], file), size, 1, faults)
    last = 0
    for last, word, numbers in entries:
        yield last, word, numbers
    if count not in (-1, last, last - 1):
        faults.add(f"the header announces {count:,} vectors, and the last one stands on line {last:,}", 1)


def _is_text(start: bytes, size: int) -> bool:
    """Whether vectors of a size begin as text: a word, then numbers that are printed."""
    line = start.split(b"\n", 1)[0].split()
    return _are_numbers(line[1 : size + 1]) and len(line) > min(size, 2)


def _are_numbers(fields: Sequence[bytes]) -> bool:
    try:
        return bool(fields) and all(math.isfinite(float(field)) for field in fields[:-1])
    except ValueError:
        return False


def _text(path: Path, file: Iterable[bytes], size: int, start: int, faults: _Faults) -> Iterator[Entry]:
    for number, line in enumerate(file, start):
        line = line.replace(b"\t", b" ").strip(b" \r\n")
        if line.count(b" ") == size:
            word = line[: line.index(b" ")]
        elif line.count(b" ") > size:  # words of several parts
            word = line.rsplit(b" ", size)[0]
        elif number == 2 and start == 2 and line:
            raise InputError(f"{path}, line 2: {line.count(b' ')} numbers, where {size} were announced; fetch it again")
        else:
            faults.add(f"fewer than {size} numbers", number)
            continue
        try:
            decoded = word.decode("utf-8")
        except UnicodeDecodeError:
            faults.add("its word is not UTF-8", number)
            continue
        yield number, decoded, lambda line=line: _parse(line.rsplit(b" ", size)[1:])  # type: ignore[misc]


def _parse(fields: Sequence[bytes]) -> np.ndarray:
    try:
        row = np.array([float(field) for field in fields], np.float32)
    except ValueError:
        raise ValueError("not all of it are numbers") from None
    if not np.isfinite(row).all():
        raise ValueError("a number is not finite")
    return row


def _binary(path: Path, file: io.BufferedReader, size: int, count: int) -> Iterator[Entry]:
    for number in range(1, count + 1):
        word = bytearray()
        while (byte := file.read(1)) != b" ":
            if not byte or len(word) > _LONGEST_WORD:
                raise InputError(f"{path}: vector {number:,} of {count:,} is cut short or no vector; fetch it again")
            word += byte
        content = file.read(4 * size)
        if len(content) < 4 * size:
            raise InputError(f"{path}: ends within vector {number:,} of {count:,}; fetch it again")
        # gensim and the original program part the vectors by a newline
        decoded = bytes(word).lstrip(b"\n").decode("utf-8", "replace")
        yield number, decoded, lambda content=content: _finite(np.frombuffer(content, "<f4"))  # type: ignore[misc]


def _finite(row: np.ndarray) -> np.ndarray:
    if not np.isfinite(row).all():
        raise ValueError("a number is not finite")
    return row.astype(np.float32)


def _npz(path: Path) -> Iterator[Entry]:
    """The rows of the matrix, a chunk at a time; the words are read at once."""
    with zipfile.ZipFile(path) as archive:
        shapes = {name: _header(archive, name) for name in archive.namelist()}
        matrices = [name for name, (shape, dtype) in shapes.items() if len(shape) == 2 and dtype.kind == "f"]
        lists = [name for name, (shape, dtype) in shapes.items() if len(shape) == 1 and dtype.kind in "US"]
        if len(matrices) != 1 or len(lists) != 1:
            found = ", ".join(f"{name} {shape} {dtype}" for name, (shape, dtype) in shapes.items())
            raise InputError(f"{path}: a matrix of floats and an array of words (strings) were expected; found {found}")
        (count, size), dtype = shapes[matrices[0]]
        with archive.open(lists[0]) as file:
            names = np.lib.format.read_array(file, allow_pickle=False)  # type: ignore[arg-type]
        if len(names) != count:
            raise InputError(f"{path}: {len(names):,} words for {count:,} vectors")
        with archive.open(matrices[0]) as file:
            _skip_header(file)
            for start in range(0, count, _CHUNK):
                rows = np.frombuffer(file.read(_CHUNK * size * dtype.itemsize), dtype).reshape(-1, size)
                for number, (name, row) in enumerate(zip(names[start:], rows, strict=False), start + 1):
                    word = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
                    yield number, word, lambda row=row: _finite(row)  # type: ignore[misc]


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype]:
    with archive.open(name) as file:
        return _skip_header(file)


def _skip_header(file) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, by_columns, dtype = read_header(file)
    if by_columns and len(shape) == 2:
        raise InputError("a matrix stored by columns; save it again after numpy.ascontiguousarray")
    return shape, dtype
