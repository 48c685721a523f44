"""The rules that turn text into tokens, as data: each stands once and is run in the graph and in plain Python.

A rule is a tuple of strings and rules, so that a list of them can be written as JSON:

| rule | what it does |
| --- | --- |
| ``("replace", pattern, rewrite)`` | replaces every match of a regular expression in RE2 syntax |
| ``("unless", pattern, *rules)`` | runs the rules on those texts only that the pattern does not match as a whole |
| ``("repair",)`` | invalid UTF-8 becomes U+FFFD |
| ``("lower",)`` | lower case, as Unicode has it, whatever the locale |
| ``("width",)`` | full-width ASCII forms become ASCII |
| ``("longest_match", ranges, words)`` | in runs of characters of `ranges`, a space before each token, see below |
| ``("nfkc",)``, ``("nfkc_casefold",)`` | Unicode normalization |

After the rules the tokens of a word vectorizer stand between spaces; those of a character vectorizer are its code
points. Patterns use what RE2 and Python's ``re`` share, and general categories (``\\p{L}``), spelled out by ``plain``.

``longest_match`` is forward maximum matching: from left to right, the longest word that begins here is a token,
else one character. Its `ranges` are ascending, as in the brackets of a pattern (``a-bx-y``), its
`words` are joined by spaces.

Whatever the settings, invalid UTF-8, control characters and every kind of space become a space, and characters that
only steer display (soft hyphen, direction marks, byte order mark) vanish: no token ever holds one.
"""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.text.config import TextConfig

VERSION = 1
"""Goes up whenever the same text and settings would give other tokens."""

Rule = tuple

_ASCII = "[ -~]*"

_CONTROL = ("replace", "[\x00-\x1f\x7f]", " ")

# U+FFFD stands for what could not be decoded; the zero width space parts words in Thai and Khmer text.
_CLEAN = (
    ("repair",),
    ("replace", "[^\\P{Z} ]|[\\p{Cc}\u200b\ufffd]", " "),
    ("replace", "[\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]", ""),
)

# Entities come before tags because feeds hold escaped markup (&lt;b&gt;), &amp; first because some is escaped twice.
# A space may stand in for the ampersand: AG News lost it (`it #39;s`). Letters with an accent keep at least the letter.
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

_WIDTH = ("unless", "[^\uff01-\uff5e]*", ("width",))

_APOSTROPHE = ("replace", "\u2019", "'")

# Letters, digits, combining marks and the joiners that Persian and Indic words hold.
WORD = "\\p{L}\\p{N}\\p{M}\u200c\u200d"

# Dropped with the marks that sit on them.
_PUNCTUATION = ("replace", "[\\p{P}\\p{S}][\\p{M}\u200d\U000e0020-\U000e007f]*", " ")

# Han (radicals, iteration marks and numerals included) and kana, without the marks that combine.
IDEOGRAPH = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
)
_IDEOGRAPHS = ("replace", f"[{IDEOGRAPH}]\\p{{M}}*", " \\0 ")
# Behind the rule "longest_match".
_IDEOGRAPHIC_WORDS = ("replace", f"[{IDEOGRAPH}]+\\p{{M}}*", " \\0 ")

# A symbol keeps its marks, skin tone and tags; a joiner binds the next one: a family or a flag is one token.
FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
SYMBOL = f"[^ {WORD}][\\p{{M}}\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
# Words are never matched, only what stands between them: fewer matches in RE2, and linear time in `re`.
# Two apostrophes are the closing quote of the Penn Treebank. A single one is a mark like any other: the company of
# "the company's" is the company elsewhere.
_WORDS = (
    ("replace", "''+", '"'),
    ("replace", f"{FLAG}|{SYMBOL}(?:\u200d{SYMBOL})*", " \\0 "),
)

# What BERT calls punctuation, and the Han characters that stand alone in it (Devlin et al. 2019,
# github.com/google-research/bert, tokenization.py); keras-hub also parts words where an invisible character stands.
_BERT_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ceaf\U0002f800-\U0002fa1f"
_BERT_WORDS = (
    ("replace", "\\p{Cf}", " "),
    ("replace", f"[!-/:-@\\[-`{{-~\\p{{P}}{_BERT_HAN}]", " \\0 "),
)

_COLLAPSE = (("replace", "  +", " "), ("replace", "^ | $", ""))


def build_rules(settings: TextConfig, words: Sequence[str] = ()) -> list[Rule]:
    """The rules of some settings, in the order in which they run.

    Args:
        settings: How text becomes ids; `level`, `split`, `standardize` and `normalize` count here.
        words: What the split `dictionary` keeps whole, each two or more Han or kana characters.
    """
    steps = settings.standardize
    unicode_words = settings.level == "word" and settings.split in ("unicode", "dictionary")
    bert_words = settings.level == "word" and settings.split == "wordpiece"

    # Most English text is ASCII alone, and is spared these: one look instead of half of all the work.
    other_than_ascii: list[Rule] = [*_CLEAN]
    if settings.normalize != "none":
        other_than_ascii += [(settings.normalize,)]
    if "width" in steps:
        other_than_ascii += [_WIDTH]
    if settings.uses_dictionary and words:
        other_than_ascii += [("longest_match", IDEOGRAPH, " ".join(words)), _IDEOGRAPHIC_WORDS]
    elif unicode_words:
        other_than_ascii += [_IDEOGRAPHS]
    if unicode_words or "punctuation" in steps:
        other_than_ascii += [_APOSTROPHE]

    chosen: list[Rule] = [_CONTROL, ("unless", _ASCII, *other_than_ascii)]
    if "html" in steps:
        chosen += [_HTML]
    if not bert_words and ("lowercase" in steps or settings.normalize == "nfkc_casefold"):
        chosen += [("lower",)]
    if "punctuation" in steps:
        chosen += [_PUNCTUATION]
    if unicode_words:
        chosen += _WORDS
    if bert_words:
        chosen += _BERT_WORDS
        if "lowercase" in steps:  # of each word, as keras-hub has it: folding would take some marks apart
            chosen += [("nfkc_casefold",)]
    if settings.level == "character":
        chosen += _COLLAPSE
    return chosen


def rules_from_json(value: Sequence) -> list[Rule]:
    """Rules as JSON returns them, lists, made tuples again."""
    return [tuple(part if isinstance(part, str) else rules_from_json([part])[0] for part in rule) for rule in value]
