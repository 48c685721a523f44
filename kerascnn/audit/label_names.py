"""Check the names of labels: several labels in one, one label spelled in several ways, and missing values."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.labels import normalize_label

SEPARATORS = ";|,"
"""Characters that may join several labels."""
MISSING_VALUES = frozenset({
    "", "-", "--", "---", "?", ".", "na", "n/a", "n.a.", "#n/a", "#n/a n/a", "nan", "-nan", "nat", "none", "null",
    "(null)", "nil", "<na>", "missing", "undefined", "\\n", "#null!", "#ref!", "#value!", "#name?", "#div/0!", "1.#ind",
})  # fmt: skip
"""Lower case of labels that tables and programs write where a value is missing."""
_LIST = re.compile(
    r"""(?:array\()?[\[({]\s*(?:["'].*["'],?|-?\d[-\d\s,.eE+]*|nan)?\s*[\])}]?(?:, dtype=\w+\))?""", re.DOTALL
)
"""A list, tuple, set or array as Python and JSON write it, or its start: a separator may have split it."""
_WHOLE_NUMBER = re.compile(r"[-+]?\d+(?:\.0*)?(?:[eE][-+]?\d+)?")
"""A number without decimals, or with those that a table of floats adds; 1.1 and 1.10 may be versions."""
_SIMILAR_LETTERS = str.maketrans(
    "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455\u0410\u0412\u0421\u0415\u041d\u041a\u041c\u041e\u0420\u0422\u0425\u0406\u0408\u0405"
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "aceopxyijsABCEHKMOPTXIJSoABEZHIKMNOPTYX",
)
"""Cyrillic and Greek letters that look like Latin ones."""


def find_label_name_issues(corpus: Corpus) -> list[Issue]:
    """Return issues of joined and similar labels, lists that are read as one label, and missing values."""
    return [
        *_find_joined_labels(corpus),
        *_find_written_lists(corpus),
        *_find_similar_labels(corpus),
        *_find_missing_values(corpus),
    ]


def _find_joined_labels(corpus: Corpus) -> list[Issue]:
    """Find labels that consist of other labels: several labels, read as one."""
    if corpus.task.predicts_list:
        return []
    labels = {row.label for row in corpus.train}
    issues: list[Issue] = []
    for separator in SEPARATORS:
        counter = RowCounter()
        for row in corpus.train:
            if separator in row.label:
                parts = [part.strip() for part in row.label.split(separator)]
                if all(part in labels for part in parts if part):
                    counter.add(row, detail=repr(row.label))
        counter.report(
            issues, "joined_labels", "warning",
            "{count} training [row has a label that consists|rows have labels that consist] of other labels joined by"
            " {separator!r}",
            f"--label-separator {separator!r} reads several labels per row (multi-label)", separator=separator,
        )  # fmt: skip
    return issues


def _find_written_lists(corpus: Corpus) -> list[Issue]:
    """Find labels such as ``['a', 'b']``: pandas writes a column of lists to CSV so."""
    counter = RowCounter()
    for row in corpus.train:
        if lists := [label for label in row.labels if _LIST.fullmatch(label)]:
            counter.add(row, detail=repr(lists[0]))
    issues: list[Issue] = []
    counter.report(
        issues, "list_as_label", "serious",
        "{count} training [row has a label that is a list written as text, which is|rows have labels that are lists"
        " written as text, which are] read as a label of its own",
        "join the labels of a row before the file is written, table['label'].str.join(';'), and give"
        " --label-separator ';'; or write Parquet or JSON lines, which have lists",
    )  # fmt: skip
    return issues


def _find_missing_values(corpus: Corpus) -> list[Issue]:
    """Find labels that look like a missing value."""
    labels = {label for row in corpus.all_rows for label in row.labels}
    missing = {label for label in labels if normalize_label(label).casefold() in MISSING_VALUES}
    if "+" in labels:
        missing -= {"-"}
    counter = RowCounter()
    for row in corpus.all_rows:
        if labels := missing.intersection(row.labels):
            counter.add(row, detail=", ".join(map(ascii, sorted(labels))))
    issues: list[Issue] = []
    counter.report(
        issues, "missing_label_name", "warning",
        "{count} [row has a label that looks|rows have labels that look] like a missing value",
        "leave the label empty if it is not known: such rows are left out",
    )  # fmt: skip
    return issues


def _find_similar_labels(corpus: Corpus) -> list[Issue]:
    """Find labels that look alike or differ in case, spaces and punctuation: one class, spelled in several ways."""
    counts = Counter(label for row in corpus.all_rows for label in row.labels)
    most_frequent: dict[str, str] = {}
    for label, _ in counts.most_common():
        most_frequent.setdefault(_normalize(label), label)
    counter = RowCounter()
    for row in corpus.all_rows:
        if labels := [label for label in row.labels if most_frequent[_normalize(label)] != label]:
            detail = ", ".join(f"{_show(label)}, also {_show(most_frequent[_normalize(label)])}" for label in labels)
            counter.add(row, detail=detail)
    issues: list[Issue] = []
    counter.report(
        issues, "similar_labels", "serious",
        "{count} [row has a label that differs|rows have a label that differs] from another label only in case, spaces,"
        " punctuation, decimals that are 0 or characters that look alike",
        "write each label in one way"
        + ("" if corpus.config.source.normalize_labels else "; --source.normalize-labels unites all but those that"
        " differ in case, spaces or punctuation"),
    )  # fmt: skip
    return issues


def _show(label: str) -> str:
    """Return a label in quotes, with its characters as numbers if its normal form looks the same."""
    return ascii(label) if normalize_label(label) != label else repr(label)


@cache
def _normalize(label: str) -> str:
    """Return what labels have in common that look alike, or that differ in case, quotes, spaces and punctuation.

    Punctuation between letters and at the end does not count, so that C++ and C# stay different. Numbers without other
    decimals than 0 are equal if their values are. A Latin label may have similar Cyrillic or Greek letters.
    """
    normal = normalize_label(label).replace("\u0130", "i")  # the dotted capital I, whose lower case has two characters
    if _WHOLE_NUMBER.fullmatch(normal) and abs(value := float(normal)) < 2**53:
        return repr(value + 0.0)
    if len(normal) > 2 and normal[0] == normal[-1] and normal[0] in "'\"":
        normal = normal[1:-1]
    if not (latin := normal.translate(_SIMILAR_LETTERS)).isascii():
        latin = normal
    return re.sub(r"(?<=[^\W\d_])[\s_-]+(?=[^\W\d_])", "", latin.rstrip(" .,;:")).casefold() or label
