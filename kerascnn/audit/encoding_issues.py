"""Characters that do not belong into text, and the scripts that it is written in."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Row

UNSPACED = frozenset({"Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"})
"""Scripts that put no spaces between words."""
SCRIPT_SAMPLE = 50
"""Letters at the beginning of a text that tell its script."""


def _byte_of() -> dict[int, str]:
    """Each character that one byte stands for in Windows-1252 or Latin-1, as Latin-1 has that byte."""
    found = {}
    for byte in range(0x80, 0x100):
        found[byte] = chr(byte)
        character = bytes([byte]).decode("cp1252", "ignore")
        if character:
            found[ord(character)] = chr(byte)
    return found


_BYTE_OF = _byte_of()
_TRAIL = "".join(re.escape(chr(code)) for code, byte in _BYTE_OF.items() if "\x80" <= byte <= "\xbf")
# UTF-8 read as Windows-1252 or Latin-1: the bytes of one character, which stand for Latin, Greek, Cyrillic, marks,
# Semitic and Asian scripts and emoji. Letters with an accent also end words before marks that are such bytes (JÄ“,
# OGSÅ…, commité »), so most of them count only where no letter stands before. In the group: U+FFFD in UTF-8, read as
# GBK; and private characters, which tables of Chinese encodings have where they know none, but for Apple's logo.
_MOJIBAKE = re.compile(
    f"Â[{_TRAIL}]|(?<![A-ZÀ-Þ])(?:Ã|[ÄÅÎÏÐÑ](?![«»]))[{_TRAIL}]|(?:[ÕÖØÙ×][{_TRAIL}]){{2}}|â(?!\xa0)[{_TRAIL}]{{2}}"
    f"|(?<![A-Za-zÀ-ÿŠšŒœŽž])[à-ï](?!\xa0)[{_TRAIL}]{{2}}|ð[{_TRAIL}]{{3}}|(锟斤拷|[\ue000-\uf8fe])"
)
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Zero-width joiners are left out: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def find_encoding_issues(rows: Iterable[Row]) -> list[Issue]:
    """Characters that tell of a wrong encoding, or that nobody sees."""
    replaced, mojibake, control, invisible, decomposed = (RowCounter() for _ in range(5))
    composed = False
    for row in rows:
        text = row.text
        if match := _CONTROL.search(text):
            control.add(row, position=match.start())
        if text.isascii():
            continue
        if (at := text.find("\ufffd")) >= 0:
            replaced.add(row, position=at)
        if (at := _misread(text)) >= 0:
            mojibake.add(row, position=at)
        if match := _INVISIBLE.search(text):
            invisible.add(row, position=match.start())
        if not unicodedata.is_normalized("NFC", text):
            decomposed.add(row)
        composed = composed or not unicodedata.is_normalized("NFD", text)
    issues: list[Issue] = []
    replaced.report(
        issues, "replacement_character", "serious", "rows with U+FFFD, which stands for what could not be decoded",
        "write the file again from its source; that of a text is lost, training reads a space",
    )  # fmt: skip
    mojibake.report(
        issues, "mojibake", "serious", "rows with mojibake, UTF-8 that was read in another encoding",
        "read the file with --source.encoding utf-8, or if it holds them itself, mend them (ftfy.fix_text)",
    )  # fmt: skip
    control.report(
        issues, "control_character", "note", "rows with control characters", "none is needed: they are read as spaces"
    )
    invisible.report(
        issues, "invisible_character", "note",
        "rows with invisible characters (zero-width, soft hyphens, direction marks)",
        "none is needed: they are dropped; the zero-width space parts words, as in Thai",
    )  # fmt: skip
    if composed:
        decomposed.report(
            issues, "mixed_normalization", "warning", "rows in another normal form than NFC, beside others in NFC",
            "the same letter has two forms: --text.normalize nfkc",
        )  # fmt: skip
    return issues


def _misread(text: str) -> int:
    """Where bytes of UTF-8 stand as characters of their own; -1: nowhere."""
    for match in _MOJIBAKE.finditer(text):
        if match[1]:
            return match.start()
        try:
            match[0].translate(_BYTE_OF).encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            continue
        return match.start()
    return -1


def scripts(texts: Iterable[str]) -> Counter[str]:
    """How many texts are written in each script: ``Latin``, ``Cyrillic``, ``Han``, …; those without letters in none."""
    found: Counter[str] = Counter()
    for text in texts:
        if name := script_of(text):
            found[name] += 1
    return found


def script_of(text: str) -> str:
    """The script of most of the first letters of a text; empty where there are none.

    Python's library does not know scripts; the first word of a letter's Unicode name does as well. Kana and Han of one
    text are Japanese, which goes by the name of its kana.
    """
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text)) else ""
    counts = Counter(map(_script, itertools.islice(filter(str.isalpha, text), SCRIPT_SAMPLE)))
    if not counts:
        return ""
    kana = counts["Hiragana"] + counts["Katakana"]
    if kana and 10 * kana >= counts["Han"]:
        counts["Hiragana"] = kana + counts.pop("Han", 0)
    return counts.most_common(1)[0][0]


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
    first = name.partition(" ")[0]
    return "Han" if first == "CJK" else first.capitalize()
