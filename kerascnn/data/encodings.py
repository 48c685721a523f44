"""Decode text files line by line, plain or gzipped, and describe bytes that cannot be decoded."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterator
from typing import IO, cast

from kerascnn.utils.errors import InputError
from kerascnn.utils.remote_files import is_remote, open_remote

STDIN = "-"
"""Name of standard input."""
GZIP_MAGIC = b"\x1f\x8b"
_SURROGATE = re.compile("[\udc80-\udcff]")
"""An undecodable byte, decoded with ``surrogateescape`` (PEP 383)."""
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_SAMPLE_BYTES = 50_000
"""Number of bytes that are sufficient for a guess."""
_PREFERRED = ("utf_8", "gb18030", "cp1252")
"""Encodings to prefer where the sample fits several equally well, as short texts do."""
_NOT_OF_FILES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})
"""Text encodings of Python for other purposes: names of hosts, source code, tests and mail."""
_BOM = "\ufeff"
_START_BYTES = 32
_BINARY_FILES = {
    rb"PK\x03\x04": "an Excel workbook or a zip archive; save it as CSV UTF-8, or unpack it",
    rb"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV UTF-8",
    rb"PAR1[\x00-\x1f]": "a Parquet file; rename it to .parquet, or add --source.format parquet",
    rb"BZh[1-9]1AY": "compressed with bzip2; decompress it, or compress it with gzip",
    rb"\xfd7zXZ": "compressed with xz; decompress it, or compress it with gzip",
    rb"\x28\xb5\x2f\xfd": "compressed with zstd; decompress it, or compress it with gzip",
    rb"\x1f\x8b": "compressed with gzip twice; decompress it once",
    rb"%PDF-": "a PDF document; give a file with texts and labels",
}
"""Patterns of the first bytes of other kinds of files, and the remedy."""
_TEXT_FILES = {
    rb"(?i)<!DOCTYPE html": "a web page, perhaps an error message of a server; download the file again",
    rb"version https://git-lfs": "a pointer of Git LFS; download the file itself with git lfs pull",
}
"""The same for files of text, which are no tables."""


def check_encoding(name: str) -> None:
    """Check the name of an encoding of text files.

    Raises:
        InputError: Python does not know it, or it is not supported, as encodings that no text files have.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # raises for codecs that are not of text, such as hex
        is_suitable = codecs.lookup(name).name not in _NOT_OF_FILES
    except (LookupError, ValueError):  # ValueError: a NUL or a surrogate in the name
        is_suitable = False
    if not is_suitable:
        raise InputError(f"{name!r} is not a supported encoding of text files; give utf-8, gb18030, cp1252, …")


def read_lines(
    path: str,
    encoding: str,
    *,
    max_bytes: int,
    newline: str | None = None,
    errors: str = "strict",
    is_table: bool = True,
) -> Iterator[str]:
    """Decode a text file line by line.

    Args:
        path: The file, plain or gzipped; ``-`` is standard input.
        encoding: Any encoding that ``check_encoding`` accepts. A byte order mark is skipped.
        max_bytes: Largest number of bytes of a line as UTF-8. No more of a line is read.
        newline: Line ending, as in ``open``.
        errors: ``surrogateescape`` continues after undecodable bytes, see ``describe_undecodable``.
        is_table: Whether a web page is an error.

    Yields:
        Lines with their line endings.

    Raises:
        InputError: The file cannot be opened, the encoding is wrong, the gzip data is damaged, or a line is too long.
    """
    number = 0
    with open_binary(path) as binary:
        text = None
        try:
            _check_start(path, binary, encoding, is_table=is_table)
            text = io.TextIOWrapper(binary, encoding=encoding, newline=newline, errors=errors)
            while line := text.readline(max_bytes + 1):
                if len(line) > max_bytes // 4 and count_bytes(line) > max_bytes:
                    raise InputError(f"{path}, line {number + 1}: {describe_too_large(max_bytes)}")
                if not number and line.startswith(_BOM):
                    line = line.lstrip(_BOM)
                number += 1
                if line:
                    yield line
        except UnicodeDecodeError as error:
            raise InputError(_describe_decode_error(path, number, encoding, error)) from None
        except UnicodeError as error:  # UTF-16 or UTF-32 without a byte order mark
            raise InputError(
                f"{path} is not {encoding}: {error}; try --source.encoding utf-8 or {encoding}-le"
            ) from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}, row {number + 1}: damaged gzip data ({error}); copy or download the file again"
            ) from None
        except OSError as error:
            raise InputError(f"{path}, row {number + 1}: cannot be read ({error.strerror or error})") from None
        finally:
            if text:
                text.detach()  # or its destructor would close standard input


def count_bytes(text: str) -> int:
    """Return the number of bytes of a text as UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def describe_too_large(max_bytes: int, size: int | None = None) -> str:
    """Describe a row that is too large, and the remedy; ``size`` is its number of bytes if it is known."""
    found = f"{size:,} bytes, more than" if size else "more than"
    return (
        f"{found} {max_bytes:,} bytes, the limit of a row; split it, write the file again, or allow more with"
        " --source.max_row_bytes"
    )


@contextlib.contextmanager
def open_binary(path: str) -> Iterator[IO[bytes]]:
    """Open a file, also by its address, or standard input; decompress gzip, recognized by ``.gz`` or its first bytes.

    Raises:
        InputError: The file cannot be opened.
    """
    if is_remote(path):
        with open_remote(path) as remote:
            is_gzip = path.endswith(".gz") or remote.peek(2).startswith(GZIP_MAGIC)
            yield cast(IO[bytes], gzip.GzipFile(fileobj=remote)) if is_gzip else remote
        return
    try:
        binary = cast(io.BufferedReader, sys.stdin.buffer if path == STDIN else open(path, "rb"))  # noqa: SIM115
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    except ValueError as error:  # a NUL character in the name
        raise InputError(f"{path!r} cannot be opened: {error}") from None
    with contextlib.nullcontext() if path == STDIN else binary:
        try:
            is_gzip = path.endswith(".gz") or binary.peek(2).startswith(GZIP_MAGIC)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
        yield cast(IO[bytes], gzip.GzipFile(fileobj=binary)) if is_gzip else binary


def describe_undecodable(text: str, encoding: str) -> str:
    """Describe the first undecodable byte of a text decoded with ``surrogateescape``; empty if there is none."""
    if text.isascii() or not (match := _SURROGATE.search(text)):
        return ""
    try:
        sample = text.encode(encoding, "surrogateescape")
    except UnicodeError:  # UTF-16 and UTF-32 cannot write single bytes
        sample = b""
    return _describe_byte(ord(match[0]) - 0xDC00, sample, encoding)


def guess_encoding(sample: bytes, *, excluded: str) -> str | None:
    """Guess the encoding of a sample with charset-normalizer; None if no encoding fits.

    Args:
        sample: Some bytes of a file.
        excluded: The encoding that failed.
    """
    from charset_normalizer import from_bytes  # needed for messages only, and its import takes time

    excluded = codecs.lookup(excluded).name
    matches = sorted(
        match
        for part in _informative_parts(sample)
        for match in from_bytes(part)
        if codecs.lookup(match.encoding).name != excluded
    )
    if not matches:
        return None
    best = matches[0]
    ties = {
        encoding
        for match in matches
        if (match.chaos, match.coherence) == (best.chaos, best.coherence)
        for encoding in match.could_be_from_charset
    }
    return next((name for name in _PREFERRED if name in ties), best.encoding).replace("_", "-")


def _informative_parts(sample: bytes) -> list[bytes]:
    """Return the start of the lines that are not ASCII: among many ASCII lines, they would not count in a guess.

    If the end may be inside a character, the result has versions that are some bytes shorter.
    """
    if b"\0" in sample or sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return [sample[: min(len(sample), _SAMPLE_BYTES) // 4 * 4]]
    lines = [line for line in sample.splitlines(keepends=True) if not line.isascii()]
    part = b"".join(lines[:-1] if len(lines) > 1 else lines)
    if match := _NOT_ASCII.search(part):
        start = max(0, match.start() - 100)
        part = part[start : start + _SAMPLE_BYTES]
    return [part] if part.endswith(b"\n") else [part[: len(part) - cut] for cut in range(4)]


def _check_start(path: str, binary: IO[bytes], encoding: str, *, is_table: bool) -> None:
    """Check that the first bytes are not those of another kind of file, or of another encoding."""
    start = cast(io.BufferedReader, binary).peek(_START_BYTES)[:_START_BYTES]
    for pattern, remedy in (_BINARY_FILES | _TEXT_FILES if is_table else _BINARY_FILES).items():
        if re.match(pattern, start):
            raise InputError(f"{path} is {remedy}")
    if start.startswith(codecs.BOM_UTF8) and codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        raise InputError(f"{path} starts with the mark of UTF-8, and is not {encoding}; try --source.encoding utf-8")


def _describe_decode_error(path: str, lines_read: int, encoding: str, error: UnicodeDecodeError) -> str:
    # TextIOWrapper decodes in chunks: lines_read counts the lines before the chunk, not those inside it.
    row = lines_read + 1 + error.object[: error.start].decode(encoding, errors="replace").count("\n")
    return f"{path}, row {row}: {_describe_byte(error.object[error.start], error.object, encoding)}"


def _describe_byte(byte: int, sample: bytes, encoding: str) -> str:
    guess = guess_encoding(sample, excluded=encoding) if sample else None
    remedy = f"try --source.encoding {guess}" if guess else "name the encoding of the file with --source.encoding NAME"
    return f"byte 0x{byte:02x} is not {encoding}; {remedy}"
