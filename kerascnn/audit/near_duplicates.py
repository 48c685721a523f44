"""Check for rows that are nearly the same as another row, by MinHash."""

from __future__ import annotations

import numpy as np

from kerascnn.audit.corpus import SPLIT_NAMES, Corpus
from kerascnn.audit.minhash import SIMILARITY, find_first_similar
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import location

SHINGLE_WIDTHS = {"word": 2, "character": 3}
"""Tokens of a shingle, by ``text.level``; long texts of few different letters have most pairs of letters in common."""


def find_near_duplicates(corpus: Corpus) -> list[Issue]:
    """Return issues of rows that are nearly the same as a training row or an earlier row of their split.

    ``find_duplicates`` reports rows with exactly the same text.
    """
    named_rows = [(name, row) for name, rows in corpus.rows.items() for row in rows]
    first_positions: dict[str, int] = {}
    for position, (_, row) in enumerate(named_rows):
        first_positions.setdefault(row.text, position)
    unique = np.fromiter(first_positions.values(), np.int64, len(first_positions))
    tokens = corpus.all_tokens.select(unique)
    width = SHINGLE_WIDTHS[corpus.config.text.level]
    within = {name: RowCounter() for name in corpus.rows}
    across = {name: RowCounter() for name in corpus.rows}
    for position, first in enumerate(find_first_similar(tokens.values, tokens.row_splits, width).tolist()):
        if first != position:
            (name, row), (other_name, other) = named_rows[unique[position]], named_rows[unique[first]]
            counters = across if other_name == "train" != name else within
            counters[name].add(row, detail=f"similar to {location(other)}")
    return _report(corpus, within, across, width)


def _report(corpus: Corpus, within: dict[str, RowCounter], across: dict[str, RowCounter], width: int) -> list[Issue]:
    unit = "characters" if corpus.config.text.level == "character" else "tokens"
    measure = f"{SIMILARITY:.0%} or more of their sequences of {width} {unit} are the same"
    issues: list[Issue] = []
    for name in corpus.rows:
        across[name].report(
            issues, "near_train_overlap", "serious",
            "{count} {name} [row is|rows are] nearly the same as a training row ({measure}), which inflates the"
            " metrics",
            "keep rows of the same origin in one split: split by origin, and give --validation-data and --test-data",
            name=name, measure=measure,
        )  # fmt: skip
        within[name].report(
            issues, "near_duplicate", "note",
            "{count} {name} [row is|rows are] nearly the same as an earlier row ({measure})",
            "keep one row of each group", name=SPLIT_NAMES[name], measure=measure,
        )  # fmt: skip
    return issues
