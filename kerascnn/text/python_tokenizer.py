"""Text to tokens without TensorFlow: the rules of ``rules`` on one text, with the standard library alone.

This file imports nothing of the package, so that it can be copied to where the package is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import groupby

_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_CATEGORY = re.compile(r"\\([pP])\{(\w+)\}")

# What NFKC_Casefold drops (Unicode's Default_Ignorable_Code_Point), which unicodedata does not know.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

UNKNOWN_TOKEN = "[UNK]"
"""The piece of a word that cannot be taken apart."""
_LONGEST_WORD = 100

_ESCAPE = re.compile(r"\\(?:\\|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def tokenize(
    text: str | bytes,
    rules: Sequence[Sequence],
    *,
    level: str,
    max_length: int,
    stop_words: Collection[str] = (),
    pieces: Collection[str] = (),
) -> list[str]:
    """Split a text into tokens.

    Args:
        text: Any text; what is not valid UTF-8, lone surrogates included, becomes a space.
        rules: As ``standardize.rules`` gives them, or as JSON gives those back.
        level: ``word`` or ``character``.
        max_length: Tokens that are kept.
        stop_words: Tokens that are left out.
        pieces: WordPieces that words are taken apart into, see ``split_into_pieces``; none: words stay whole.
    """
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    text = apply_rules(text.decode("utf-8", "replace"), rules)
    tokens = text if level == "character" else text.split(" ")
    kept = [token for token in tokens if token and token not in stop_words]
    if pieces:
        kept = [piece for word in kept for piece in split_into_pieces(word, pieces)]
    return kept[:max_length]


def split_into_pieces(word: str, pieces: Collection[str]) -> list[str]:
    """WordPieces of a word: the longest known one at each place, ``##`` before all but the first (Devlin et al. 2019).

    ``UNKNOWN_TOKEN`` alone for a word that has a place without one, or is longer than 100 bytes, as in tensorflow-text.
    """
    if len(word.encode()) > _LONGEST_WORD:
        return [UNKNOWN_TOKEN]
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        stops = range(len(word), start, -1)
        stop = next((stop for stop in stops if mark + word[start:stop] in pieces), None)
        if stop is None:
            return [UNKNOWN_TOKEN]
        found.append(mark + word[start:stop])
        start = stop
    return found


def apply_rules(text: str, rules: Sequence[Sequence]) -> str:
    """Run the rules on a text, one after the other."""
    for name, *arguments in rules:
        text = _RULES[name](text, *arguments)
    return text


def _replace(text: str, pattern: str, rewrite: str) -> str:
    return compile_pattern(pattern).sub(rewrite.replace("\\0", "\\g<0>"), text)


def _unless(text: str, pattern: str, *rules: Sequence) -> str:
    return text if compile_pattern(pattern).fullmatch(text) else apply_rules(text, rules)


def _repair(text: str) -> str:
    return text  # decoding did it


def _width(text: str) -> str:
    return text.translate(_WIDTH)


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _nfkc_casefold(text: str) -> str:
    """NFKC_Casefold of the Unicode standard (section 3.13, R5 and D147), by the means that Python has."""
    folded = unicodedata.normalize("NFD", text).casefold()
    folded = unicodedata.normalize("NFKC", folded).casefold()
    return unicodedata.normalize("NFKC", _IGNORABLE.sub("", folded))


def _longest_match(text: str, ranges: str, words: str) -> str:
    known, longest = parse_words(words)
    return compile_pattern(f"[{ranges}]+").sub(lambda run: " " + " ".join(longest_match(run[0], known, longest)), text)


_RULES: dict[str, Callable] = {
    "replace": _replace,
    "unless": _unless,
    "repair": _repair,
    "lower": str.lower,
    "width": _width,
    "longest_match": _longest_match,
    "nfkc": _nfkc,
    "nfkc_casefold": _nfkc_casefold,
}


def longest_match(run: str, words: Collection[str], longest: int) -> list[str]:
    """Split text without spaces by forward maximum matching: the longest word that begins here, else one character.

    Args:
        run: Letters of a script without spaces.
        words: Two letters or more each.
        longest: Letters of the longest word, at least.
    """
    parts, start = [], 0
    while start < len(run):
        stops = range(min(len(run), start + longest), start + 1, -1)
        stop = next((stop for stop in stops if run[start:stop] in words), start + 1)
        parts.append(run[start:stop])
        start = stop
    return parts


def unescape(line: str) -> str:
    """A line of vocabulary.txt or labels.txt as the token or label that it stands for."""
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2] or "5c", 16)), line)


@lru_cache(maxsize=4)
def parse_words(words: str) -> tuple[frozenset[str], int]:
    """The words between spaces, and the length of the longest."""
    known = frozenset(words.split(" "))
    return known, max(map(len, known))


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern:
    """Compile a pattern in RE2 syntax, with the general categories spelled out as ranges."""
    return re.compile(_CATEGORY.sub(_spell_out, _bracket(pattern)))


def _bracket(pattern: str) -> str:
    r"""Put brackets round a category that stands alone: ``\p{S}|x`` becomes ``[\p{S}]|x``."""
    inside, parts = False, []
    for part in re.split(r"(\\[pP]\{\w+\}|\\.|[][])", pattern):
        if part in ("[", "]"):
            inside = part == "["
        parts.append(part if inside or not _CATEGORY.fullmatch(part) else f"[{part}]")
    return "".join(parts)


def _spell_out(match: re.Match) -> str:
    sign, category = match.groups()
    return _ranges(category, sign == "p")


@lru_cache(maxsize=64)
def _ranges(category: str, inside: bool) -> str:
    """The code points of a general category (``L``, ``Cc``), or all others, as the ranges of a character class."""
    return "".join(
        f"\\U{start:08x}-\\U{stop - 1:08x}"
        for start, stop, name in _category_runs()
        if name.startswith(category) == inside
    )


@lru_cache(maxsize=1)
def _category_runs() -> list[tuple[int, int, str]]:
    runs, start = [], 0
    for name, run in groupby(map(unicodedata.category, map(chr, range(0x110000)))):
        stop = start + sum(1 for _ in run)
        runs.append((start, stop, name))
        start = stop
    return runs
