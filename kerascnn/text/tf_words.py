"""Split texts into words in a TensorFlow graph, as ``words`` does in Python.

RE2, the regular expressions of TensorFlow, cannot look ahead. Therefore a mark is put behind each run of letters and
digits, which patterns match where those of Python look ahead. Another is put before each combining mark, so that the
long class of these is in one small pattern: with it in all places, RE2 would run out of memory.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from kerascnn.text.words import CJK, FLAG, INVISIBLE, JOINER, MODIFIERS, REPEATED

_MARK, _PREFIX, _SEPARATOR = "\x01", "\x03", "\x1f"
_SPACE = r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"


def _escape(ranges: str) -> str:
    """Return characters of a class, of which ``-`` makes ranges, as RE2 escapes."""
    return "".join(character if character == "-" else rf"\x{{{ord(character):x}}}" for character in ranges)


_CJK = _escape(CJK)
# all but letters, digits and the underscore, of which the category Pc has others
_NO_WORD = r"\pM\pS\pZ\pC\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\x{203f}\x{2040}\x{2054}\x{fe33}\x{fe34}\x{fe4d}-\x{fe4f}"
_CJK_MARKS = r"\x{302a}-\x{302f}\x{3099}\x{309a}"
_INSIDE = f"(?:{_PREFIX}.|[{JOINER}{_CJK_MARKS}])*"
_WORD = rf"(?:[^{_NO_WORD}{_CJK}]{_INSIDE})"
_END = rf"{_MARK}?"
_MODIFIED = f"(?:{_PREFIX}.|[{_escape(MODIFIERS)}{_CJK_MARKS}])*"
_REPEATED = "|".join(rf"[{_escape(mark)}]+" for mark in REPEATED.replace("-", "")) + "|-+"
_OTHER = rf"(?:[^\pL\pN_{_SPACE}{_MARK}{_PREFIX}]|{_PREFIX}.)"
_WORDS = (
    "("
    rf"[{_CJK}]{_INSIDE}"
    rf"|(?:[hH][tT][tT][pP][sS]?{_MARK}://|[wW][wW][wW]{_MARK}\.)[^{_SPACE}<>\"{_CJK}]+"
    rf"|[^{_MARK}{_SPACE}@<>\"{_CJK}][^{_SPACE}@<>\"{_CJK}]{{0,63}}@{_WORD}+(?:{_END}[.\-]{_WORD}+)+"
    rf"|\p{{Nd}}+(?:{_END}[.,:/]\p{{Nd}}+)*{_INSIDE}"
    rf"|(?:[\pL\p{{Nl}}\p{{No}}]{_INSIDE}{_MARK}\.){{2,}}"
    ")|"
    rf"({_WORD}+?)([nN]{_MARK}['’][tT]{_MARK})"
    rf"|([nN]{_MARK}['’][tT]{_MARK}|['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL]){_MARK}|{_WORD}+|(?:{_REPEATED}){_INSIDE}"
    rf"|(?:[{_escape(FLAG)}]{{2}}|{_OTHER}){_MODIFIED}(?:{JOINER}+{_OTHER}{_MODIFIED})*{JOINER}*)"
)


class SplitTexts(NamedTuple):
    """Tokens of texts, ragged (batch, time).

    Attributes:
        tokens: The tokens, string.
        starts: Position of the first character of each token in its text, int32.
        ends: Position after its last character, int32.
    """

    tokens: tf.RaggedTensor
    starts: tf.RaggedTensor
    ends: tf.RaggedTensor


def split_texts(texts: tf.Tensor, level: str) -> SplitTexts:
    """Return the tokens of texts.

    Args:
        texts: string (batch,); bytes that are not UTF-8 become spaces.
        level: ``word``, see ``words.split_words``, or ``character``, see ``words.split_characters``.
    """
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace", replacement_char=0x20)
    if level == "character":
        pieces = tf.strings.unicode_split(texts, "UTF-8")
    else:
        texts = tf.strings.regex_replace(texts, f"[{_MARK}{_PREFIX}]", "\x02")
        texts = tf.strings.regex_replace(texts, f"[{_SEPARATOR}]", " ")
        texts = tf.strings.regex_replace(texts, rf"([^\PM{_CJK}]|[{_escape(INVISIBLE)}])", rf"{_PREFIX}\1")
        marked = tf.strings.regex_replace(texts, rf"((?:[\pL\pN_]{_INSIDE})+)", rf"\1{_MARK}")
        separated = tf.strings.regex_replace(marked, _WORDS, _SEPARATOR.join(["", r"\1", r"\2", r"\3", r"\4", ""]))
        pieces = tf.strings.split(separated, _SEPARATOR)
        pieces = tf.ragged.map_flat_values(tf.strings.regex_replace, pieces, f"[{_MARK}{_PREFIX}]", "")
    lengths = tf.ragged.map_flat_values(tf.strings.length, pieces, unit="UTF8_CHAR")
    ends = tf.ragged.map_flat_values(tf.cumsum, lengths)  # of all texts
    before = tf.concat([[0], ends.flat_values], axis=0)
    ends -= tf.expand_dims(tf.gather(before, pieces.row_starts()), 1)
    is_token = ~tf.ragged.map_flat_values(tf.strings.regex_full_match, pieces, rf"[{_SPACE}]*")
    return SplitTexts(*(tf.ragged.boolean_mask(values, is_token) for values in (pieces, ends - lengths, ends)))
