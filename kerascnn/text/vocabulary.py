"""Tokens and their ids, and the files that keep them: vocabulary.txt and labels.txt of a bundle.

A token stands on a line, and the number of the line, from 0, is its id. Lines end in ``\\n`` alone. Control characters,
separators other than a space, lone surrogates and backslashes are escaped: ``\\\\``, ``\\u0085``, ``\\U000e0001``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kerascnn.text import python_tokenizer
from kerascnn.utils.errors import InputError

PADDING = "[PAD]"
"""Id 0: what fills up a batch."""
UNKNOWN = python_tokenizer.UNKNOWN
"""Id 1: a token that the vocabulary lacks."""
RESERVED = (PADDING, UNKNOWN)

# Every space but the plain one, and all else that an editor or `str.splitlines` may break, hide or change.
_ESCAPED = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
_ESCAPE = re.compile(r"\\(?:(\\)|u([0-9a-f]{4})|U([0-9a-f]{8})|)")


def build_vocabulary(counts: Counter[str], *, max_tokens: int, min_count: int) -> list[str]:
    """Choose the tokens that get an id: the most frequent ones, ties in the order of their code points.

    Args:
        counts: How often each token occurs.
        max_tokens: Size of the vocabulary at the most, the two reserved tokens included.
        min_count: A token that occurs less often is left out.

    Returns:
        The tokens by id: padding, unknown, then by falling count.
    """
    kept = [token for token, count in counts.items() if count >= min_count and token not in RESERVED]
    kept.sort(key=lambda token: (-counts[token], token))
    return [*RESERVED, *kept[: max(0, max_tokens - len(RESERVED))]]


def write_vocabulary(path: str | Path, tokens: Sequence[str]) -> None:
    """Write a vocabulary, a token a line."""
    write_lines(path, tokens)


def read_vocabulary(path: str | Path) -> list[str]:
    """Read a vocabulary.

    Raises:
        InputError: A line is broken or stands twice, or the first two lines are not the reserved tokens.
    """
    tokens = read_lines(path)
    for number, reserved in enumerate(RESERVED):
        if tokens[number : number + 1] != [reserved]:
            found = repr(tokens[number]) if number < len(tokens) else "the end of the file"
            raise InputError(f"{path}, line {number + 1}: a vocabulary has {reserved} here, not {found}")
    return tokens


def read_stop_words(path: str | Path, tokenize: Callable[[str], list[str]]) -> tuple[str, ...]:
    """Read a file of stop words, a token a line, standardized as the text is.

    Args:
        path: The file.
        tokenize: Splits a text into tokens, stop words included.

    Raises:
        InputError: The file is missing or not UTF-8, or a line is not one token.
    """
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: the stop words cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the stop words are not UTF-8 (byte {error.start}); save them as UTF-8") from None
    found: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        tokens = tokenize(line)
        if len(tokens) > 1:
            raise InputError(f"{path}, line {number}: {line!r} is {len(tokens)} tokens; a stop word is one token")
        found |= dict.fromkeys(tokens)
    return tuple(found)


def write_lines(path: str | Path, values: Iterable[str]) -> None:
    """Write strings, one a line, so that ``read_lines`` gives back exactly the same."""
    Path(path).write_bytes("".join(f"{_escape(value)}\n" for value in values).encode("utf-8"))


def read_lines(path: str | Path) -> list[str]:
    """Read strings written by ``write_lines``; their order is their id, so none may stand twice.

    Raises:
        InputError: The file is missing or not UTF-8, or a line is empty, stands twice or holds a broken escape.
    """
    lines = _read_text(path).split("\n")
    if lines.pop() != "":
        raise InputError(f"{path}, line {len(lines) + 1}: does not end in a newline; the file was cut short")
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        value = _unescape(line, f"{path}, line {number}")
        if not value:
            raise InputError(f"{path}, line {number}: is empty; remove it if no id is meant")
        if value in seen:
            raise InputError(f"{path}, line {number}: {value!r} stands on line {seen[value]} already; remove one")
        seen[value] = number
    return list(seen)


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
    return value if value.isascii() and value.isprintable() and "\\" not in value else "".join(map(_escape_one, value))


def _escape_one(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character != " " and unicodedata.category(character) in _ESCAPED:
        code = ord(character)
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return character


def _unescape(line: str, where: str) -> str:
    if "\\" not in line and "\r" not in line:
        return line

    def replace(match: re.Match) -> str:
        backslash, short, long = match.groups()
        code = int(short or long or "5c", 16)
        if not (backslash or short or long) or code > 0x10FFFF:
            raise InputError(f"{where}: {line!r} holds a broken escape; a backslash itself is written \\\\")
        return chr(code)

    if line.endswith("\r"):
        raise InputError(f"{where}: ends in \\r\\n; lines end in \\n alone")
    return _ESCAPE.sub(replace, line)
