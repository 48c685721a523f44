"""Read the words and vectors of a file of word vectors one after the other, in bounded memory.

Supported formats, plain, gzipped or zipped: GloVe (text without a header), word2vec (text or binary) and fastText
``.vec`` (text with the header ``words dimensions``); also NumPy ``.npz``, see ``vector_arrays``.
"""

from __future__ import annotations

import codecs
import gzip
import io
import itertools
import math
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerascnn.text.fasttext_model import MAGIC as FASTTEXT_MAGIC
from kerascnn.text.vector_arrays import check_finite, read_arrays
from kerascnn.utils.errors import InputError, to_one_line

Entry = tuple[int, str, Callable[[], np.ndarray]]
"""Line or vector number from 1, word, and a function that parses its vector: only few words need theirs."""

MAX_DIMENSIONS = 65_536
"""Largest number of dimensions; no pretrained vectors have as many."""
MAX_WORD_BYTES = 10_000
_MAX_HEADER_DIGITS = 15
_MAX_FIRST_LINE = 2**20
_MAX_NUMBER_BYTES = 64


@dataclass
class SkippedEntries:
    """Counts the skipped entries of a file by reason."""

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    first_lines: dict[str, int] = field(default_factory=dict)

    def add(self, reason: str, line: int) -> None:
        """Count an entry."""
        self.counts[reason] += 1
        self.first_lines.setdefault(reason, line)

    def messages(self) -> tuple[str, ...]:
        """Return one sentence for each reason."""
        return tuple(
            f"{self.path}: skipped {count} {'entry' if count == 1 else 'entries'}, the first on line"
            f" {self.first_lines[reason]}: {reason}"
            for reason, count in self.counts.items()
        )


def read_entries(path: Path, skipped: SkippedEntries) -> Iterator[Entry]:
    """Yield the entries of a file; those that cannot be used are counted.

    Raises:
        InputError: The file is missing, damaged or of an unknown format; the message names the line.
    """
    number = 0
    try:
        with ExitStack() as stack:
            file = _open(path, stack)
            entries = read_arrays(path, skipped.add) if file is None else _read_text_or_binary(path, file, skipped)
            for number, word, parse_vector in entries:
                yield number, word, parse_vector
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: no such file of word vectors") from None
    except OSError as error:
        if error.strerror is not None:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from None
        raise InputError(_describe_damage(path, number, error)) from None
    except Exception as error:  # the decompressors and NumPy have no common class of errors for damaged files
        raise InputError(_describe_damage(path, number, error)) from None


def _describe_damage(path: Path, number: int, error: Exception) -> str:
    place = f" after entry {number:,}" if number else ""
    reason = to_one_line(error) or type(error).__name__
    return f"{path}: damaged or truncated{place} ({reason}); download or write it again"


def _open(path: Path, stack: ExitStack) -> io.BufferedReader | None:
    """Open a file and decompress it; return None for a NumPy archive, which is a zip of arrays."""
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: no file name contains a NUL character; correct the name")
    raw = stack.enter_context(path.open("rb"))
    magic = raw.peek(4)
    if magic.startswith(b"\x1f\x8b"):
        return io.BufferedReader(stack.enter_context(gzip.open(raw)))
    if not magic.startswith(b"PK"):
        return raw
    archive = stack.enter_context(zipfile.ZipFile(raw))
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if names and all(name.endswith(".npy") for name in names):
        return None
    if len(names) != 1:
        raise InputError(f"{path}: expected a zip of one file, found {', '.join(names[:5]) or 'none'}; unpack it")
    return io.BufferedReader(stack.enter_context(archive.open(names[0])))  # type: ignore[arg-type]


def _read_text_or_binary(path: Path, file: io.BufferedReader, skipped: SkippedEntries) -> Iterator[Entry]:
    first = file.readline(_MAX_FIRST_LINE)
    while first.startswith(codecs.BOM_UTF8):
        first = first.removeprefix(codecs.BOM_UTF8)
    first = first.rstrip()
    header = first.split()
    if len(header) == 2 and all(part.isdigit() for part in header):
        count, size = _parse_header(path, header)
        is_text = _is_text(file.peek(MAX_WORD_BYTES), size)
        entries = _read_text(path, file, size, 2, skipped) if is_text else _read_binary(path, file, size, count)
    else:
        count, size = -1, len(header) - 1
        if size < 2 or not _are_numbers(header[1:]):
            raise InputError(
                f"{path}, line 1: not word vectors ({_describe_start(first)}); supported: GloVe, word2vec,"
                " fastText .vec, .npz"
            )
        _check_size(path, size)
        entries = _read_text(path, file, size, 1, skipped, first)
    last = 0
    for last, word, parse_vector in entries:
        yield last, word, parse_vector
    if count not in (-1, last, last - 1):
        skipped.add(f"the header gives {count:,} vectors, but the last one is on line {last:,}", 1)


def _describe_start(first: bytes) -> str:
    if first.startswith(FASTTEXT_MAGIC):
        return "a compressed model of fastText; unpack it"
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16; save it as UTF-8"
    if first.startswith(b"\x93NUMPY"):
        return "an array without words; save both with numpy.savez(FILE, words=..., vectors=...)"
    return f"found {first[:40]!r}" if first else "the line is empty"


def _parse_header(path: Path, header: Sequence[bytes]) -> tuple[int, int]:
    """Return the number of vectors and of dimensions."""
    if any(len(part) > _MAX_HEADER_DIGITS for part in header):
        raise InputError(f"{path}, line 1: a number of {max(map(len, header)):,} digits; download the file again")
    count, size = map(int, header)
    _check_size(path, size)
    return count, size


def _check_size(path: Path, size: int) -> None:
    if not 1 <= size <= MAX_DIMENSIONS:
        raise InputError(
            f"{path}, line 1: vectors of {size:,} dimensions; vectors have 1 to {MAX_DIMENSIONS:,}: download the file"
            " again, or give another one"
        )


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
    path: Path, file: io.BufferedReader, size: int, first_line: int, skipped: SkippedEntries, first: bytes | None = None
) -> Iterator[Entry]:
    limit = max(_MAX_FIRST_LINE, MAX_WORD_BYTES + _MAX_NUMBER_BYTES * size)
    lines: Iterable[bytes] = iter(lambda: file.readline(limit), b"")
    for number, line in enumerate(lines if first is None else itertools.chain([first], lines), first_line):
        if len(line) == limit:
            raise InputError(
                f"{path}, line {number:,}: {limit:,} bytes or more, too many for {size:,} numbers; download the file"
                " again"
            )
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
        row = np.array([float(field) for field in fields])
    except ValueError:
        raise ValueError("a value is not a number") from None
    return check_finite(row)


def _read_binary(path: Path, file: io.BufferedReader, size: int, count: int) -> Iterator[Entry]:
    for number in range(1, count + 1):
        word = bytearray()
        while (byte := file.read(1)) != b" ":
            if not byte or len(word) > MAX_WORD_BYTES:
                raise InputError(f"{path}: vector {number:,} of {count:,} is truncated or damaged; download it again")
            word += byte
        content = file.read(4 * size)
        if len(content) < 4 * size:
            raise InputError(f"{path}: truncated in vector {number:,} of {count:,}; download it again")
        # the original program writes a newline after each vector, gensim does not
        decoded = bytes(word).lstrip(b"\n").decode("utf-8", "replace")
        yield number, decoded, lambda content=content: check_finite(np.frombuffer(content, "<f4"))  # type: ignore[misc]
