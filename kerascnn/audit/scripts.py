"""Check the scripts of texts: rows in another script than most, and texts without spaces between words."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter

UNSPACED_SCRIPTS = frozenset({"Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"})
"""Scripts without spaces between words."""
UNSPACED_FRACTION = 0.2
"""Fraction of rows in such scripts from which a model that reads words is not suitable."""
SAMPLE_LETTERS = 50
"""Letters at the start of a text that decide on its script."""
WARNING_FRACTION = 0.05
"""Fraction of rows in other scripts from which they are a warning."""


def find_script_issues(corpus: Corpus) -> list[Issue]:
    """Return issues of mixed scripts, and of scripts that do not suit the model.

    These are scripts without spaces under a model that reads words, and scripts that a pretrained model does not know.
    """
    counts = count_scripts(row.text for row in corpus.all_rows)
    return [
        *_find_mixed_scripts(corpus, counts),
        *_find_unspaced_scripts(corpus, counts),
        *_find_unknown_scripts(corpus, counts),
    ]


def count_scripts(texts: Iterable[str]) -> Counter[str]:
    """Count the texts by script: ``Latin``, ``Cyrillic``, ``Han``, …; texts without letters are not counted."""
    return Counter(filter(None, map(detect_script, texts)))


def detect_script(text: str) -> str:
    """Return the script of most of the first letters of a text; empty if there are none.

    The standard library has no scripts; the first word of the Unicode name of a letter is used instead. A text
    with kana and Han is Japanese, and has the name of its kana.
    """
    if text.isascii():
        return "Latin" if any(map(str.isalpha, text)) else ""
    counts = Counter(map(_detect_letter_script, itertools.islice(filter(str.isalpha, text), SAMPLE_LETTERS)))
    if not counts:
        return ""
    kana = counts["Hiragana"] + counts["Katakana"]
    if kana and 10 * kana >= counts["Han"]:
        counts["Hiragana"] = kana + counts.pop("Han", 0)
    return counts.most_common(1)[0][0]


def has_unspaced_scripts(counts: Counter[str]) -> bool:
    """Return whether many texts have no spaces between words, given the counts of ``count_scripts``."""
    unspaced = sum(counts[name] for name in UNSPACED_SCRIPTS)
    return unspaced > 0 and unspaced >= UNSPACED_FRACTION * counts.total()


@cache
def _detect_letter_script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").removeprefix("FULLWIDTH ").removeprefix("HALFWIDTH ")
    first = name.partition(" ")[0]
    return "Han" if first == "CJK" else first.capitalize()


def _find_mixed_scripts(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    if len(counts) < 2:
        return []
    main, main_count = counts.most_common(1)[0]
    counter = RowCounter()
    for row in corpus.all_rows:
        if (script := detect_script(row.text)) and script != main:
            counter.add(row, detail=script)
    issues: list[Issue] = []
    counter.report(
        issues, "mixed_scripts", "warning" if counter.count >= WARNING_FRACTION * counts.total() else "note",
        "{count} [row is|rows are] not in {main} script ({main_count:,} rows) but in {others}",
        "check that each language has rows of every class; --model char_cnn reads any script",
        main=main, main_count=main_count,
        others=", ".join(f"{name} ({count:,})" for name, count in counts.most_common()[1:6]),
    )  # fmt: skip
    return issues


def _find_unspaced_scripts(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    text = corpus.config.text
    if not has_unspaced_scripts(counts) or text.level != "word" or text.split in ("dictionary", "sentencepiece"):
        return []
    unspaced = sum(counts[name] for name in UNSPACED_SCRIPTS)
    return [Issue(
        "no_word_spaces", "warning",
        f"{unspaced / counts.total():.0%} of the rows are in a script without spaces between words, but"
        f" {corpus.config.model} reads words", unspaced, suggestion="--model char_cnn",
    )]  # fmt: skip


def _find_unknown_scripts(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    known: frozenset[str] = corpus.config.network.scripts
    unknown = {name: count for name, count in counts.most_common() if known and name not in known}
    if not unknown:
        return []
    number, names = sum(unknown.values()), ", ".join(f"{name} ({count:,})" for name, count in unknown.items())
    return [Issue(
        "unknown_script", "warning" if number >= WARNING_FRACTION * counts.total() else "note",
        f"{number / counts.total():.0%} of the rows are in a script that the pretrained weights of"
        f" {corpus.config.model} do not know: {names}. A language in a known script may be unknown as well: only"
        " scripts are detected", number, suggestion="--model char_cnn",
    )]  # fmt: skip
