"""Split a text into words whose positions are known: the tokens of a tagger for texts without tokens.

Export copies this file to devices.
"""

from __future__ import annotations

import re

CJK = "\u2e80-\u2fdf\u3001-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003134f"
"""Ranges of characters of Chinese and Japanese, and of their punctuation: each is a word."""
_WORD = f"[^\\W{CJK}]"
REPEATED = "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~\u2013\u2014\u2026"
"""Punctuation marks that are one token if they are repeated, such as an ellipsis."""
_REPEATED = "|".join(f"[\\{mark}]+" for mark in REPEATED)
_WORDS = re.compile(
    rf"""[{CJK}]
    | (?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\.)[^\s<>"{CJK}]+
    | [^\s@<>"{CJK}]{{1,64}}@{_WORD}+(?:[.-]{_WORD}+)+
    | \d+(?:[.,:/]\d+)*
    | (?:[^\W\d_]\.){{2,}}
    | {_WORD}+?(?=[nN]['’][tT](?!\w)) | [nN]['’][tT](?!\w)
    | ['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL])(?!\w)
    | {_WORD}+
    | {_REPEATED}
    | [^\w\s]""",
    re.VERBOSE,
)
_CJK_CHARACTER = re.compile(f"[{CJK}]")


def is_cjk(character: str) -> bool:
    """Return whether a character is one of Chinese or Japanese, or of their punctuation."""
    return _CJK_CHARACTER.match(character) is not None


def split_words(text: str) -> list[tuple[int, int]]:
    """Return the start and the end of each word and each punctuation mark of a text.

    A Chinese or Japanese character is a word. Numbers, addresses and abbreviations are one word; English clitics (n't,
    's) are words of their own, as in treebanks.
    """
    return [match.span() for match in _WORDS.finditer(text)]


def split_characters(text: str) -> list[tuple[int, int]]:
    """Return the start and the end of each character of a text that is not a space."""
    return [(position, position + 1) for position, character in enumerate(text) if not character.isspace()]
