"""Tokenize one text in plain Python, with the standard library only.

This file imports only ``unicode_tables`` from the package, and without the package nothing: it can be copied to places
where rules come with the tables that they need, see ``add_tables``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

if __package__:
    from kerascnn.text.unicode_tables import TABLES
else:
    TABLES = {}  # the rules have all tables that they need

STEP_TABLES = {"lower": ("caseless",), "nfkc": ("nfkc", "composed"), "nfkc_casefold": ("nfkc", "composed", "folded")}
"""Tables that rules need besides those of the categories in their patterns; the last arguments of these rules."""

_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
CATEGORY = re.compile(r"\\([pP])\{(\w+)\}")
"""General categories in a pattern: sign and name."""

# Unicode's Default_Ignorable_Code_Point, which NFKC_Casefold removes; unicodedata does not have this property.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

UNKNOWN_TOKEN = "[UNK]"
"""The out-of-vocabulary token. It also replaces a word that cannot be split into known WordPieces."""
_MAX_WORD_BYTES = 100

_ESCAPE = re.compile(r"\\(?:\\|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def tokenize(
    text: str | bytes,
    rules: Sequence[Sequence[Any]],
    *,
    level: str,
    max_length: int,
    stop_words: Collection[str] = (),
    pieces: Collection[str] = (),
    split: Callable[[str], list[str]] | None = None,
) -> list[str]:
    """Split a text into tokens.

    Args:
        text: Any text. Invalid UTF-8 and lone surrogates become a space.
        rules: The result of ``rules.build_rules``, or its JSON form.
        level: ``word`` or ``character``.
        max_length: Maximum number of tokens; the rest is cut.
        stop_words: Tokens to remove.
        pieces: Known WordPieces; words are split into them, see ``split_into_pieces``. If empty, words stay whole.
        split: Splits the text after the rules, instead of `level`: ``PieceTokenizer.tokenize`` of
            ``python_sentencepiece``.
    """
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    text = apply_rules(text.decode("utf-8", "replace"), rules)
    if split:
        return split(text)[:max_length]
    tokens = text if level == "character" else text.split(" ")
    kept = [token for token in tokens if token and token not in stop_words]
    if pieces:
        kept = [piece for word in kept for piece in split_into_pieces(word, pieces)]
    return kept[:max_length]


def split_into_pieces(word: str, pieces: Collection[str]) -> list[str]:
    """Split a word into WordPieces, the longest known one first (Devlin et al. 2019).

    All pieces but the first begin with ``##``. As in tensorflow-text, the result is ``[UNKNOWN_TOKEN]`` if the word
    cannot be split into known pieces or is longer than 100 bytes.
    """
    if len(word.encode()) > _MAX_WORD_BYTES:
        return [UNKNOWN_TOKEN]
    parts: list[str] = []
    start = 0
    while start < len(word):
        prefix = "##" if start else ""
        stops = range(len(word), start, -1)
        stop = next((stop for stop in stops if prefix + word[start:stop] in pieces), None)
        if stop is None:
            return [UNKNOWN_TOKEN]
        parts.append(prefix + word[start:stop])
        start = stop
    return parts


def apply_rules(text: str, rules: Sequence[Sequence[Any]]) -> str:
    """Apply the rules to a text, one after the other."""
    for name, *arguments in rules:
        text = _RULES[name](text, *arguments)
    return text


def _replace(text: str, pattern: str, rewrite: str) -> str:
    return compile_pattern(pattern).sub(rewrite.replace("\\0", "\\g<0>"), text)


def _unless(text: str, pattern: str, *rules: Sequence[Any]) -> str:
    return text if compile_pattern(pattern).fullmatch(text) else apply_rules(text, rules)


def _repair(text: str) -> str:
    return text  # `tokenize` decodes with U+FFFD for invalid bytes


def lower(text: str, caseless: str = "") -> str:
    """Convert to lower case all letters that the graph knows."""
    if text.isascii():
        return text.lower()
    caseless = caseless or TABLES["caseless"]
    if "\u03a3" in text:  # the final sigma depends on the characters beside it, with their properties in the graph
        known = compile_pattern(f"[{expand_ranges(caseless, include=False)}]+")
        return known.sub(lambda run: run[0].lower(), text)
    return text.translate(_lower_case_table(caseless))


def _width(text: str) -> str:
    return text.translate(_WIDTH)


def _nfkc(text: str, new: str = "", composed: str = "") -> str:
    if text.isascii():
        return text
    text = text.translate(_code_table(new or TABLES["nfkc"]))
    return _compose(unicodedata.normalize("NFKC", text), composed)


_IOTA_SUBSCRIPTS = {
    code: unicodedata.normalize("NFKC", chr(code)).casefold()
    for code in (0x345, 0x37A, *range(0x1F80, 0x2000))
    if "\u0345" in unicodedata.normalize("NFKD", chr(code))
}


def _nfkc_casefold(text: str, new: str = "", composed: str = "", folded: str = "") -> str:
    """Apply NFKC_Casefold (Unicode standard, section 3.13, R5 and D147)."""
    if text.isascii():
        return text.lower()
    text = text.translate(_code_table(new or TABLES["nfkc"])).translate(_code_table(folded or TABLES["folded"]))
    # the graph folds an iota below a letter before the marks are sorted: afterwards it is a letter
    text = unicodedata.normalize("NFD", text.translate(_IOTA_SUBSCRIPTS)).casefold()
    text = unicodedata.normalize("NFKC", text).casefold()
    return _compose(unicodedata.normalize("NFKC", _IGNORABLE.sub("", text)), composed)


def _compose(text: str, composed: str) -> str:
    """Compose letters that an old version of Python does not know."""
    for letters, letter in _compositions(composed or TABLES["composed"]):
        text = text.replace(letters, letter)
    return text


def _longest_match(text: str, ranges: str, words: str) -> str:
    known, max_length = parse_words(words)
    return compile_pattern(f"[{ranges}]+").sub(
        lambda run: " " + " ".join(longest_match(run[0], known, max_length)), text
    )


_RULES: dict[str, Callable[..., str]] = {
    "replace": _replace,
    "unless": _unless,
    "repair": _repair,
    "lower": lower,
    "width": _width,
    "longest_match": _longest_match,
    "nfkc": _nfkc,
    "nfkc_casefold": _nfkc_casefold,
}


def longest_match(run: str, words: Collection[str], max_length: int) -> list[str]:
    """Split text without spaces by forward maximum matching.

    From left to right, the next token is the longest word that begins at the current character. If no word begins
    there, the token is that character.

    Args:
        run: Characters of a script without spaces.
        words: Known words of two or more characters.
        max_length: Length of the longest word, or more.
    """
    parts: list[str] = []
    start = 0
    while start < len(run):
        stops = range(min(len(run), start + max_length), start + 1, -1)
        stop = next((stop for stop in stops if run[start:stop] in words), start + 1)
        parts.append(run[start:stop])
        start = stop
    return parts


def unescape(line: str) -> str:
    """Convert a line of vocabulary.txt or labels.txt to the token or label that it encodes."""
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2] or "5c", 16)), line)


@lru_cache(maxsize=4)
def parse_words(words: str) -> tuple[frozenset[str], int]:
    """Split a space-separated list of words; return the words and the length of the longest."""
    known = frozenset(words.split(" "))
    return known, max(map(len, known))


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in RE2 syntax, with general categories (``\\p{L}``) expanded to character ranges."""
    return re.compile(CATEGORY.sub(_expand_category, _bracket_categories(pattern)))


def _bracket_categories(pattern: str) -> str:
    r"""Put brackets around each category that is outside a character class: ``\p{S}|x`` becomes ``[\p{S}]|x``."""
    inside = False
    parts: list[str] = []
    for part in re.split(r"(\\[pP]\{\w+\}|\\.|[][])", pattern):
        if part in ("[", "]"):
            inside = part == "["
        parts.append(part if inside or not CATEGORY.fullmatch(part) else f"[{part}]")
    return "".join(parts)


def _expand_category(match: re.Match[str]) -> str:
    sign, category = match.groups()
    return expand_ranges(TABLES[category], include=sign == "p")


@lru_cache(maxsize=64)
def expand_ranges(table: str, *, include: bool = True) -> str:
    """Return a set of code points, or all others, as ranges of a character class."""
    starts_and_stops = list(accumulate(map(int, table.split())))
    if not include:
        starts_and_stops = [0, *starts_and_stops, 0x110000]
    pairs = zip(starts_and_stops[::2], starts_and_stops[1::2], strict=True)
    return "".join(f"{_in_class(start)}-{_in_class(stop - 1)}" for start, stop in pairs if start < stop)


def _in_class(code: int) -> str:
    """Return a character for a character class; escapes take most of the time to compile a pattern."""
    return f"\\x{code:02x}" if code < 128 else chr(code)


@lru_cache(maxsize=4)
def _lower_case_table(caseless: str) -> dict[int, str]:
    """Return the lower case of each letter that has one in the graph."""
    stops = list(accumulate(map(int, caseless.split())))
    known = zip([0, *stops[1::2]], [*stops[::2], 0x110000], strict=True)
    codes = [code for start, stop in known for code in range(start, stop)]
    return {code: chr(code).lower() for code in codes if chr(code).lower() != chr(code)}


@lru_cache(maxsize=8)
def _code_table(table: str) -> dict[int, int]:
    numbers = [int(number, 16) for number in table.split()]
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


@lru_cache(maxsize=4)
def _compositions(table: str) -> list[tuple[str, str]]:
    letters = [chr(int(number, 16)) for number in table.split()]
    return [(first + last, letter) for letter, first, last in zip(*[iter(letters)] * 3, strict=True)]


def add_tables(rules: Sequence[Sequence[Any]], tables: Mapping[str, str]) -> list[list[Any]]:
    """Return rules that need no tables: with the ranges of categories in their patterns, and tables as last arguments.

    Args:
        rules: The result of ``rules.build_rules``, or its JSON form.
        tables: The result of ``rules.find_tables``.
    """

    def expand(match: re.Match[str]) -> str:
        return expand_ranges(tables[match[2]], include=match[1] == "p")

    added = []
    for name, *arguments in rules:
        values = [
            CATEGORY.sub(expand, _bracket_categories(x)) if isinstance(x, str) else add_tables([x], tables)[0]
            for x in arguments
        ]
        added.append([name, *values, *(tables[table] for table in STEP_TABLES.get(name, ()))])
    return added
