"""Check the scripts of texts: rows in another script than most, and texts without spaces between words."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter, Severity
from kerascnn.data.records import Row

UNSPACED_SCRIPTS = frozenset({"Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan"})
"""Scripts without spaces between words."""
UNSPACED_FRACTION = 0.2
"""Fraction of rows in such scripts from which a model that reads words is not suitable."""
SAMPLE_LETTERS = 50
"""Letters at the start of a text that decide on its script."""
CLASS_FRACTION = 0.9
"""Fraction of the rows of a class in one script from which the class is a language."""
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
    counter, other_rows = RowCounter(), []
    for row in corpus.all_rows:
        if (script := detect_script(row.text)) and script != main:
            counter.add(row, detail=script)
            other_rows.append((script, row))
    if _are_classes(corpus, main, other_rows):
        severity: Severity = "note"
        suggestion = "no action is needed if the classes are languages: each class has its own script"
    else:
        severity = "warning" if counter.count >= WARNING_FRACTION * counts.total() else "note"
        model = _suggest_characters(corpus, "; {} reads any script")
        suggestion = f"check that each language has rows of every class{model}"
    issues: list[Issue] = []
    counter.report(
        issues, "mixed_scripts", severity,
        "{count} [row is|rows are] not in {main} script ({main_count:,} rows) but in {others}", suggestion,
        main=main, main_count=main_count,
        others=", ".join(f"{name} ({count:,})" for name, count in counts.most_common()[1:6]),
    )  # fmt: skip
    return issues


def _are_classes(corpus: Corpus, main: str, other_rows: Sequence[tuple[str, Row]]) -> bool:
    """Return whether nearly all rows in other scripts have labels that the main script does not have."""
    others = Counter((label, script) for script, row in other_rows for label in row.labels)
    totals = Counter(label for row in corpus.all_rows for label in row.labels)
    own = sum(count for (label, _), count in others.items() if count >= CLASS_FRACTION * totals[label])
    return own >= CLASS_FRACTION * max(1, others.total())


def _suggest_characters(corpus: Corpus, template: str = "{}") -> str:
    """Return a suggestion of a model that reads characters; empty for a run of such a model."""
    return "" if corpus.config.text.level == "character" else template.format("--model char_cnn")


def _find_unspaced_scripts(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    text = corpus.config.text
    splits_words = corpus.has_pretrained_vocabulary or text.uses_dictionary
    if not has_unspaced_scripts(counts) or text.level != "word" or splits_words:
        return []
    unspaced = sum(counts[name] for name in UNSPACED_SCRIPTS)
    return [Issue(
        "no_word_spaces", "warning",
        f"{unspaced / counts.total():.0%} of the rows are in a script without spaces between words, but"
        f" {corpus.config.model} reads words", unspaced, suggestion="--model char_cnn",
    )]  # fmt: skip


def _find_unknown_scripts(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    known: frozenset[str] = corpus.config.network.known_scripts
    unknown = {name: count for name, count in counts.most_common() if known and name not in known}
    if not unknown:
        return []
    number, names = sum(unknown.values()), ", ".join(f"{name} ({count:,})" for name, count in unknown.items())
    return [Issue(
        "unknown_script", "warning" if number >= WARNING_FRACTION * counts.total() else "note",
        f"{number / counts.total():.0%} of the rows are in a script that the pretrained weights of"
        f" {corpus.config.model} do not know: {names}. A language in a known script may be unknown as well: only"
        " scripts are detected", number, suggestion=_suggest_characters(corpus),
    )]  # fmt: skip
