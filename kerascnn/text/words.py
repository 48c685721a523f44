"""Split a text into words whose positions are known: the tokens of a tagger for texts without tokens.

Export copies this file to devices, with those that it imports.
"""

from __future__ import annotations

import re

if __package__:
    from kerascnn.text.python_tokenizer import expand_ranges
    from kerascnn.text.unicode_tables import TABLES
else:
    from python_tokenizer import expand_ranges  # type: ignore[no-redef]
    from unicode_tables import TABLES  # type: ignore[no-redef]

CJK = "\u2e80-\u2fdf\u3001-\u30ff\u31c0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003134f"
"""Ranges of characters of Chinese and Japanese, and of their punctuation: each is a word."""
JOINER = "\u200d"
"""Zero-width joiner, also of emoji."""
INVISIBLE = "\u00ad\u200c"
"""Soft hyphen and zero-width non-joiner, which words may have inside, as the joiner."""
MODIFIERS = "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
"""Ranges of skin colors and of the letters of flags, which follow an emoji."""
FLAG = "\U0001f1e6-\U0001f1ff"
"""Range of letters of which two are a flag."""
REPEATED = "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~\u2013\u2014\u2026"
"""Punctuation marks that are one token if they are repeated, such as an ellipsis."""

_MARKS = expand_ranges(TABLES["M"])
# Python looks up a character of a class at once if all of the class are below U+10000
_LOW = "".join(_MARKS[k : k + 3] for k in range(0, len(_MARKS), 3) if _MARKS[k] < "\uffff")
_HIGH = _MARKS[len(_LOW) :]
_INSIDE = rf"(?:[{_LOW}{INVISIBLE}{JOINER}]|(?=[\U00010000-\U0010ffff])[{_HIGH}])*"
_END = rf"(?![\w{_LOW}{INVISIBLE}{JOINER}]|(?=[\U00010000-\U0010ffff])[{_HIGH}])"
_WORD = f"(?:[^\\W{CJK}]{_INSIDE})"
_MODIFIED = rf"(?:[{_LOW}{INVISIBLE}]|(?=[\U00010000-\U0010ffff])[{_HIGH}{MODIFIERS}])*"
_REPEATED = "|".join(f"[\\{mark}]+" for mark in REPEATED)
_WORDS = re.compile(
    rf"""[{CJK}]{_INSIDE}
    | (?:[hH][tT][tT][pP][sS]?://|[wW][wW][wW]\.)[^\s<>"{CJK}]+
    | [^\s@<>"{CJK}]{{1,64}}@{_WORD}+(?:[.-]{_WORD}+)+
    | \d+(?:[.,:/]\d+)*{_INSIDE}
    | (?:[^\W\d_]{_INSIDE}\.){{2,}}
    | {_WORD}+?(?=[nN]['’][tT]{_END}) | [nN]['’][tT]{_END}
    | ['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL]){_END}
    | {_WORD}+
    | (?:{_REPEATED}){_INSIDE}
    | (?:[{FLAG}]{{2}}|[^\w\s]){_MODIFIED}(?:{JOINER}+[^\w\s]{_MODIFIED})*{JOINER}*""",
    re.VERBOSE,
)
_CJK_CHARACTER = re.compile(f"[{CJK}]")


def is_cjk(character: str) -> bool:
    """Return whether a character is one of Chinese or Japanese, or of their punctuation."""
    return _CJK_CHARACTER.match(character) is not None


def split_words(text: str) -> list[tuple[int, int]]:
    """Return the start and the end of each word and each punctuation mark of a text.

    A Chinese or Japanese character is a word. Numbers, addresses and abbreviations are one word; English clitics (n't,
    's) are words of their own, as in treebanks. Combining marks belong to the character before them, also those of
    emoji.
    """
    return [match.span() for match in _WORDS.finditer(text)]


def split_characters(text: str) -> list[tuple[int, int]]:
    """Return the start and the end of each character of a text that is not a space."""
    return [(position, position + 1) for position, character in enumerate(text) if not character.isspace()]
