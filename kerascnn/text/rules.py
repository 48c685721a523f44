"""The preprocessing rules as data, which the TensorFlow graph and plain Python both run.

A rule is a tuple of strings and rules, so that a list of rules can be written as JSON:

| rule | what it does |
| --- | --- |
| ``("replace", pattern, rewrite)`` | replace every match of a regular expression in RE2 syntax |
| ``("unless", pattern, *rules)`` | apply the rules to the texts that do not match the pattern as a whole |
| ``("repair",)`` | replace invalid UTF-8 by U+FFFD |
| ``("lower",)`` | convert to Unicode lower case, independent of the locale |
| ``("width",)`` | convert full-width ASCII forms to ASCII |
| ``("longest_match", ranges, words)`` | in runs of characters of `ranges`, insert a space before each token |
| ``("nfkc",)``, ``("nfkc_casefold",)`` | apply Unicode normalization |

After the rules, spaces separate the tokens of a word vectorizer; the tokens of a character vectorizer are the code
points. Patterns use the common syntax of RE2 and Python's ``re``, and general categories (``\\p{L}``), which
``python_tokenizer`` expands.

``longest_match`` is forward maximum matching: from left to right, the longest word that begins at a character is a
token; if none does, the character is a token. `ranges` are ascending, as inside the brackets of a pattern
(``a-bx-y``); `words` is a list separated by spaces.

With any settings, invalid UTF-8, control characters and all kinds of spaces become a space, and characters that only
control display (soft hyphen, direction marks, byte order mark) are removed. No token contains one. The split
``sentencepiece`` is the exception: except for U+0000, these characters are left to the normalization of the
SentencePiece model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerascnn.text.config import TextConfig
from kerascnn.text.python_tokenizer import CATEGORY, STEP_TABLES
from kerascnn.text.unicode_tables import TABLES

VERSION = 1
"""Version of the rules. Increase it when the same text and settings would give other tokens."""

Rule = tuple[Any, ...]

_ASCII = "[ -~]*"
_ASCII_OR_CONTROL = "[\x01-\x7f]*"

_CONTROL = ("replace", "[\x00-\x1f\x7f]", " ")

# U+FFFD replaces what could not be decoded; the zero width space separates words in Thai and Khmer text.
_CLEAN = (
    ("repair",),
    ("replace", "[^\\P{Z} ]|[\\p{Cc}\u200b\ufffd]", " "),
    ("replace", "[\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]", ""),
)

# Some operations of TensorFlow end at U+0000, and decoders disagree about the number of replacement characters.
_REPAIR = (("replace", "\x00", " "), ("repair",), ("replace", "\ufffd+", "\ufffd"))

# Entities come before tags because feeds contain escaped markup (&lt;b&gt;); &amp; comes first because some markup is
# escaped twice. A space may replace the ampersand, as in AG News (`it #39;s`). Accented letters keep the base letter.
_HTML = (
    "unless",
    "[^<;]*",
    ("replace", "[& ](?:amp|#0*38|#[xX]26);", "&"),
    ("replace", "[& ](?:lt|#0*60|#[xX]3[cC]);", "<"),
    ("replace", "[& ](?:gt|#0*62|#[xX]3[eE]);", ">"),
    ("replace", "[& ](?:quot|ldquo|rdquo|#0*34|#[xX]22|#822[01]|#[xX]201[cCdD]);", '"'),
    ("replace", "[& ](?:apos|lsquo|rsquo|#0*39|#[xX]27|#821[67]|#[xX]201[89]);", "'"),
    ("replace", "&([A-Za-z])(?:acute|cedil|circ|grave|ring|slash|tilde|uml);", "\\1"),
    ("replace", "&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", " "),
    ("replace", "</?[A-Za-z][A-Za-z0-9:-]*(?: [^<>]*)?/?>", " "),
    ("replace", "<!--[^<>]*-->", " "),
)

# Without the rule _CONTROL, markup may contain line breaks.
_HTML_LINES = ("unless", "[^<;]*", ("replace", "[\t\n\f\r]", " "))

_WIDTH = ("unless", "[^\uff01-\uff5e]*", ("width",))

_APOSTROPHE = ("replace", "\u2019", "'")

# Letters, digits, combining marks, and the joiners that Persian and Indic words contain.
WORD = "\\p{L}\\p{N}\\p{M}\u200c\u200d"

# Removed together with the combining marks that follow.
_PUNCTUATION = ("replace", "[\\p{P}\\p{S}][\\p{M}\u200d\U000e0020-\U000e007f]*", " ")

# Han (including radicals, iteration marks and numerals) and kana, without combining marks.
IDEOGRAPH = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
)
_IDEOGRAPHS = ("replace", f"[{IDEOGRAPH}]\\p{{M}}*", " \\0 ")
# Used after the rule "longest_match".
_IDEOGRAPHIC_WORDS = ("replace", f"[{IDEOGRAPH}]+\\p{{M}}*", " \\0 ")

# A symbol includes its combining marks, skin tone and tags, and a joiner adds the next symbol: a family emoji or a flag
# is one token.
FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
SYMBOL = f"[^ {WORD}][\\p{{M}}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
# The patterns match what is between words, not the words: fewer matches in RE2, and linear time in `re`.
# Two apostrophes are the closing quote of the Penn Treebank. A single apostrophe is punctuation, so that the token
# "company" is the same in "the company's" and elsewhere.
_WORDS = (
    ("replace", "''+", '"'),
    ("replace", f"{FLAG}|{SYMBOL}(?:\u200d{SYMBOL})*", " \\0 "),
)

# BERT's punctuation, and the Han characters that it splits into single tokens (Devlin et al. 2019,
# github.com/google-research/bert, tokenization.py). keras-hub also splits words at invisible characters.
_BERT_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f"
_BERT_WORDS = (
    ("replace", "\\p{Cf}", " "),
    ("replace", f"[!-/:-@\\[-`{{-~\\p{{P}}{_BERT_HAN}]", " \\0 "),
)

_COLLAPSE = (("replace", "  +", " "), ("replace", "^ | $", ""))


def build_rules(settings: TextConfig, words: Sequence[str] = ()) -> list[Rule]:
    """Return the rules of a text configuration in the order in which they run.

    Args:
        settings: Text settings; `level`, `split`, `standardize` and `normalize` are used.
        words: Words that the split `dictionary` keeps together, each of two or more Han or kana characters.
    """
    steps = settings.standardize
    unicode_words = settings.level == "word" and settings.split in ("unicode", "dictionary")
    bert_words, sentencepiece = settings.uses_wordpiece, settings.uses_sentencepiece

    # Most English text is pure ASCII and skips these rules: one match instead of half of the work.
    non_ascii: list[Rule] = [*_REPAIR] if sentencepiece else [*_CLEAN]
    if settings.normalize != "none":
        non_ascii += [(settings.normalize,)]
    if "width" in steps:
        non_ascii += [_WIDTH]
    if settings.uses_dictionary and words:
        non_ascii += [("longest_match", IDEOGRAPH, " ".join(words)), _IDEOGRAPHIC_WORDS]
    elif unicode_words:
        non_ascii += [_IDEOGRAPHS]
    if unicode_words or "punctuation" in steps:
        non_ascii += [_APOSTROPHE]

    rules: list[Rule] = [("unless", _ASCII_OR_CONTROL if sentencepiece else _ASCII, *non_ascii)]
    if not sentencepiece:
        rules.insert(0, _CONTROL)
    elif "html" in steps:
        rules += [_HTML_LINES]
    if "html" in steps:
        rules += [_HTML]
    if not bert_words and ("lowercase" in steps or settings.normalize == "nfkc_casefold"):
        rules += [("lower",)]
    if "punctuation" in steps:
        rules += [_PUNCTUATION]
    if unicode_words:
        rules += _WORDS
    if bert_words:
        rules += _BERT_WORDS
        if "lowercase" in steps:  # per word, as in keras-hub: folding would decompose some characters
            rules += [("nfkc_casefold",)]
    if settings.level == "character":
        rules += _COLLAPSE
    return rules


def rules_from_json(value: Sequence[Sequence[Any]]) -> list[Rule]:
    """Convert rules that JSON returned as lists back to tuples."""
    return [tuple(part if isinstance(part, str) else rules_from_json([part])[0] for part in rule) for rule in value]


def find_tables(rules: Sequence[Sequence[Any]]) -> dict[str, str]:
    """Return the tables that rules need, by name."""
    tables: dict[str, str] = {}
    for name, *arguments in rules:
        for argument in arguments:
            if isinstance(argument, str):
                tables |= {category: TABLES[category] for _, category in CATEGORY.findall(argument)}
            else:
                tables |= find_tables([argument])
        tables |= {table: TABLES[table] for table in STEP_TABLES.get(name, ())}
    return tables
