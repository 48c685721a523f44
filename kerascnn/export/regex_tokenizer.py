"""Express the words of a vectorizer for MediaPipe's RegexTokenizer: one regular expression and one vocabulary file.

The RegexTokenizer cuts a text where the expression matches and looks up the parts unchanged. The preprocessing that the
rules apply before the split (lower case, full-width forms, entities) is therefore expressed by additional spellings in
the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascnn.text.config import TextConfig
from kerascnn.text.rules import FLAG, IDEOGRAPH, SYMBOL
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

PADDING, UNKNOWN, START = "<PAD>", "<UNKNOWN>", "<START>"
"""Tokens with a meaning in MediaPipe; it inserts <START> before every text if the vocabulary has it."""

# Characters that the rules replace by a space or remove; here the latter separate words too.
_SPACE = "\\p{Z}\\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd"
# Word characters without ideographs: RE2 has no subtraction of classes, but a double negation.
_LETTERS = f"(?:[^\\P{{L}}{IDEOGRAPH}]|[^\\P{{N}}{IDEOGRAPH}]|[\\p{{M}}\u200c\u200d])+"
# Entities that the rules decode, also without the ampersand, as in AG News; other entities are unknown tokens.
_NAMES = ["amp", "lt", "gt", "quot", "ldquo", "rdquo", "apos", "lsquo", "rsquo"]
_NAMES += [f"#{code}" for code in (34, 38, 39, 60, 62, 8216, 8217, 8220, 8221)]
_ENTITY = f"&?(?:{'|'.join(_NAMES)});|&#?[A-Za-z0-9]{{1,31}};"
_TAG = f"(?:<|&?lt;)(?:/?[A-Za-z][A-Za-z0-9:-]*(?:[{_SPACE}][^<>]*?)?/?|!--[^<>]*?--)(?:>|&?gt;)"
_ENTITIES = [f"{start}{name};" for name in _NAMES for start in ("&", "")]
_OTHER_SPELLINGS = ("\u2019", "''", *map(chr, range(0xFF01, 0xFF5F)), *_ENTITIES)


def build_pattern(settings: TextConfig) -> str:
    """Return the regular expression in RE2 syntax.

    MediaPipe encloses the expression in parentheses and searches it repeatedly. A token ends where the first group
    begins, and the next token starts after the match. This is meant for a group around the whole expression, a
    delimiter, which would lose all punctuation and could not separate Han characters. Here the expression starts with
    ``?:``, so that the first group is an inner one: the match is a token with the spaces after it, and the group
    contains the spaces.

    Args:
        settings: Text settings of a word model.
    """
    steps = settings.standardize
    between = [f"[{_SPACE}]"]
    tokens = [f"[{IDEOGRAPH}]\\p{{M}}*", _LETTERS, "''+", FLAG, f"{SYMBOL}(?:\u200d{SYMBOL})*"]
    if "punctuation" in steps:
        between.append("[\\p{P}\\p{S}][\\p{M}\u200d\U000e0020-\U000e007f]*")
    if "html" in steps:
        between.insert(0, _TAG)
        (between if "punctuation" in steps else tokens).insert(0, _ENTITY)
    space = f"(?:{'|'.join(between)})"
    if settings.split == "whitespace":
        return f"{space}+"
    # An empty match would be found forever, so spaces before the first token are an additional, unknown token.
    return f"?:(?:^{space}+|{'|'.join(tokens)})({space}*)"


def format_vocabulary(vectorizer: Vectorizer) -> str:
    """Return the content of the vocabulary file: one spelling and its id per line.

    It has every spelling that the rules convert to a single known token.

    Args:
        vectorizer: Vectorizer of a word model.

    Raises:
        InputError: A token has another meaning in MediaPipe.
    """
    tokens = vectorizer.vocabulary[2:]
    if reserved := {PADDING, UNKNOWN, START}.intersection(tokens):
        raise InputError(
            f"the vocabulary contains {min(reserved)}, which is reserved in MediaPipe; train with --text.split unicode"
        )
    ids = {PADDING: 0, UNKNOWN: 1} | {token: number for number, token in enumerate(tokens, start=2)}
    for spelling in _list_spellings(tokens):
        # Entities without an ampersand are recognized by the space before them.
        spelling_ids = vectorizer.encode_text(f" {spelling}")
        if len(spelling_ids) == 1 and spelling_ids[0] > 1:
            ids.setdefault(spelling, spelling_ids[0])
    return "".join(f"{token} {number}\n" for token, number in ids.items())


def _list_spellings(tokens: list[str]) -> Iterator[str]:
    """Yield punctuation, entities, and each token capitalized and in upper case."""
    yield from _OTHER_SPELLINGS
    for token in tokens:
        yield token[:1].upper() + token[1:]
        yield token.upper()
