"""Our words in the terms of MediaPipe's RegexTokenizer: one regular expression and one file of tokens.

It cuts a text where the expression matches and looks up what lies between as it stands. So what our rules do to a text
before they split it, lower case, full-width forms and entities, is done here by further spellings in its vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascnn.text.config import TextConfig
from kerascnn.text.rules import FLAG, IDEOGRAPH, SYMBOL
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

PADDING, UNKNOWN, START = "<PAD>", "<UNKNOWN>", "<START>"
"""What these tokens mean to MediaPipe; a <START> in the vocabulary would stand before every text."""

# What `standardize` makes a space of, or drops: here the latter parts words too.
_SPACE = "\\p{Z}\\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd"
# Word characters other than ideographs: RE2 cannot subtract, but negate twice.
_LETTERS = f"(?:[^\\P{{L}}{IDEOGRAPH}]|[^\\P{{N}}{IDEOGRAPH}]|[\\p{{M}}\u200c\u200d])+"
# Entities that `standardize` decodes, also without the ampersand, which AG News lost; others are unknown tokens.
_NAMES = ["amp", "lt", "gt", "quot", "ldquo", "rdquo", "apos", "lsquo", "rsquo"]
_NAMES += [f"#{code}" for code in (34, 38, 39, 60, 62, 8216, 8217, 8220, 8221)]
_ENTITY = f"&?(?:{'|'.join(_NAMES)});|&#?[A-Za-z0-9]{{1,31}};"
_TAG = f"(?:<|&?lt;)(?:/?[A-Za-z][A-Za-z0-9:-]*(?:[{_SPACE}][^<>]*?)?/?|!--[^<>]*?--)(?:>|&?gt;)"
_ENTITIES = [f"{start}{name};" for name in _NAMES for start in ("&", "")]
_MARKS = ("\u2019", "''", *map(chr, range(0xFF01, 0xFF5F)), *_ENTITIES)


def pattern(settings: TextConfig) -> str:
    """The regular expression, in RE2 syntax.

    MediaPipe encloses it in brackets, searches it again and again, and ends a token where the first group begins; the
    next one starts behind the match. That is meant for a group round the whole expression, a delimiter, which would
    lose every mark and could not part Han characters. Here the expression starts with ``?:``, so that the group is
    an inner one, and matches a token together with the spaces behind it, of which the group holds the spaces.

    Args:
        settings: Of a word model.
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
    # A match of nothing would be found for ever, so spaces before the first token are one more token, an unknown one.
    return f"?:(?:^{space}+|{'|'.join(tokens)})({space}*)"


def vocabulary(vectorizer: Vectorizer) -> str:
    """The vocabulary file: a token and its id a line, every spelling that our rules read as one known token.

    Args:
        vectorizer: Of a word model.

    Raises:
        InputError: A token means something else to MediaPipe, or the vectorizer leaves out stop words or looks for the
            words of a dictionary.
    """
    if vectorizer.settings.uses_dictionary:
        raise InputError(
            "text.split dictionary: MediaPipe cannot find words in text without spaces; train with --text.split"
            " unicode, or export --format tflite or web"
        )
    if vectorizer.stop_words:
        raise InputError("text.stop_words: MediaPipe cannot leave words out; train without, or export --format tflite")
    tokens = vectorizer.vocabulary[2:]
    if taken := {PADDING, UNKNOWN, START}.intersection(tokens):
        raise InputError(
            f"the vocabulary holds {min(taken)}, which MediaPipe keeps for itself; train with --text.split unicode"
        )
    ids = {PADDING: 0, UNKNOWN: 1} | {token: number for number, token in enumerate(tokens, start=2)}
    for spelling in _spellings(tokens):
        # Entities without an ampersand are known by the space before them.
        found = vectorizer.encode_text(f" {spelling}")
        if len(found) == 1 and found[0] > 1:
            ids.setdefault(spelling, found[0])
    return "".join(f"{token} {number}\n" for token, number in ids.items())


def _spellings(tokens: list[str]) -> Iterator[str]:
    yield from _MARKS
    for token in tokens:
        yield token[:1].upper() + token[1:]
        yield token.upper()
