"""Read and write lists of strings as text files: ``vocabulary.txt`` and ``labels.txt`` of a bundle.

Each line holds one string, and its line number, counted from 0, is its id. Lines end in ``\\n`` only. Backslashes,
control characters, separators other than a space, and lone surrogates are escaped: ``\\\\``, ``\\u0085``,
``\\U000e0001``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from kerascnn.utils.errors import InputError

# Unicode general categories that an editor or `str.splitlines` may break, hide or change. The plain space is kept.
_ESCAPED_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
_ESCAPE = re.compile(r"\\(?:(\\)|u([0-9a-f]{4})|U([0-9a-f]{8})|)")


def write_escaped_lines(path: str | Path, values: Iterable[str]) -> None:
    """Write one string per line; ``read_escaped_lines`` returns the same strings."""
    Path(path).write_bytes("".join(f"{_escape(value)}\n" for value in values).encode("utf-8"))


def read_escaped_lines(path: str | Path) -> list[str]:
    """Read the strings that ``write_escaped_lines`` wrote.

    Raises:
        InputError: The file is missing or not UTF-8, or a line is empty, repeated or has an invalid escape.
    """
    lines = _read_text(path).split("\n")
    if lines.pop() != "":
        raise InputError(f"{path}, line {len(lines) + 1}: does not end in a newline; the file is truncated")
    first_lines: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        value = _unescape(line, f"{path}, line {number}")
        if not value:
            raise InputError(f"{path}, line {number}: is empty; remove it")
        if value in first_lines:
            raise InputError(f"{path}, line {number}: {value!r} repeats line {first_lines[value]}; remove one of them")
        first_lines[value] = number
    return list(first_lines)


def _read_text(path: str | Path) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        raise InputError(f"{path}, line {line}: not UTF-8 (byte 0x{byte:02x}); save it as UTF-8") from None


def _escape(value: str) -> str:
    is_plain = value.isascii() and value.isprintable() and "\\" not in value
    return value if is_plain else "".join(map(_escape_character, value))


def _escape_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character != " " and unicodedata.category(character) in _ESCAPED_CATEGORIES:
        code = ord(character)
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return character


def _unescape(line: str, where: str) -> str:
    if line.endswith("\r"):
        raise InputError(f"{where}: ends in \\r\\n; lines must end in \\n")
    if "\\" not in line:
        return line

    def replace(match: re.Match[str]) -> str:
        backslash, short, long = match.groups()
        code = int(short or long or "5c", 16)
        if not (backslash or short or long) or code > 0x10FFFF:
            raise InputError(f"{where}: {line!r} has an invalid escape; write a backslash as \\\\")
        return chr(code)

    return _ESCAPE.sub(replace, line)
