"""Decodes text files line by line, plain or gzipped, and says what is wrong with their bytes."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import re
import sys
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO, cast

from kerascnn.utils.errors import InputError

STDIN = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_ESCAPED = re.compile("[\udc80-\udcff]")
"""How bytes that cannot be decoded stand in a text (PEP 383)."""


def read_lines(path: str, encoding: str, *, newline: str | None = None, errors: str = "strict") -> Iterator[str]:
    """Decode a text file line by line.

    Args:
        path: The file, plain or gzipped; ``-`` is standard input.
        encoding: Any text encoding that Python knows; a UTF-8 BOM is skipped.
        newline: What ends a line, as in ``open``.
        errors: ``surrogateescape`` goes on after bytes that cannot be decoded; ``describe_undecodable`` finds them.

    Yields:
        Lines with their ends.

    Raises:
        InputError: The file cannot be opened, the encoding is unknown or not that of the file, or the gzip data is
            damaged.
    """
    number = 0
    with open_binary(path) as binary:
        text = _decoder(binary, encoding, newline, errors)
        try:
            for line in text:
                number += 1
                yield line
        except UnicodeDecodeError as error:
            raise InputError(_wrong_encoding(path, number, encoding, error)) from None
        except UnicodeError as error:  # UTF-16 and UTF-32 without the mark that tells their byte order
            raise InputError(
                f"{path} is not {encoding}: {error}; try --source.encoding utf-8 or {encoding}-le"
            ) from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}, row {number + 1}: damaged gzip data ({error}); copy or download the file again"
            ) from None
        finally:
            text.detach()  # or its destructor would close standard input


@contextlib.contextmanager
def open_binary(path: str) -> Iterator[IO[bytes]]:
    """Open a file, or standard input, and undo gzip.

    Raises:
        InputError: It cannot be opened.
    """
    try:
        binary = cast(io.BufferedReader, sys.stdin.buffer if path == STDIN else open(path, "rb"))  # noqa: SIM115
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    with contextlib.nullcontext() if path == STDIN else binary:
        zipped = path.endswith(".gz") or binary.peek(2).startswith(_GZIP_MAGIC)
        yield cast(IO[bytes], gzip.GzipFile(fileobj=binary)) if zipped else binary


class RewindableLines:
    """Lines, of which those of the record that is being read can be read again.

    Args:
        lines: The lines.

    Attributes:
        number: Lines read so far.
        record: Those since ``begin``.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.number = 0
        self.record: list[str] = []
        self._lines, self._again = iter(lines), deque[str]()

    def __iter__(self) -> RewindableLines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self.record.append(line)
        return line

    def start_record(self) -> None:
        """A record begins with the next line."""
        self.record = []

    def rewind_to_next_line(self) -> None:
        """Only the first line of the record counts as read; the others come again."""
        self._again.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1
        self.record = self.record[:1]


def describe_undecodable(text: str, encoding: str) -> str:
    """What is wrong with the bytes of a text that was decoded with ``surrogateescape``; nothing, if they are right."""
    if text.isascii() or not (found := _ESCAPED.search(text)):
        return ""
    remedy = _guess_encoding(text.encode(encoding, "surrogateescape"), tried=encoding) or "NAME"
    return (
        f"byte 0x{ord(found[0]) - 0xDC00:02x} is not {encoding}; correct it, or say how the file is encoded, try"
        f" --source.encoding {remedy}"
    )


def _decoder(binary: IO[bytes], encoding: str, newline: str | None, errors: str) -> io.TextIOWrapper:
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        return io.TextIOWrapper(binary, encoding=codec, newline=newline, errors=errors)
    except LookupError:
        raise InputError(
            f"{encoding!r} is not a text encoding that Python knows; --source.encoding takes utf-8, gb18030, cp1252, …"
        ) from None


def _wrong_encoding(path: str, lines_read: int, encoding: str, error: UnicodeDecodeError) -> str:
    # TextIOWrapper decodes in chunks: every line before the chunk has been counted, those within it have not.
    row = lines_read + 1 + error.object[: error.start].decode(encoding, errors="replace").count("\n")
    remedy = _guess_encoding(error.object, tried=encoding) or "NAME"
    return (
        f"{path}, row {row}: byte 0x{error.object[error.start]:02x} is not {encoding}; "
        f"say how the file is encoded, try --source.encoding {remedy}"
    )


def _guess_encoding(sample: bytes, tried: str) -> str | None:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if sample.count(0) > len(sample) // 8:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    # Western text has lone accented bytes between ASCII letters; Chinese text has runs of high bytes.
    chinese_like = re.search(rb"[\x80-\xff]{4}", sample)
    for candidate in ("utf-8", "gb18030", "cp1252") if chinese_like else ("utf-8", "cp1252"):
        if candidate == tried.lower():
            continue
        with contextlib.suppress(UnicodeDecodeError):
            codecs.getincrementaldecoder(candidate)().decode(sample)  # incremental: the sample may end in a character
            return candidate
    return None
