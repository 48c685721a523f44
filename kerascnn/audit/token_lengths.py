"""Check the lengths of texts against ``text.max_length``, and for texts that are too short to classify."""

from __future__ import annotations

import dataclasses

import numpy as np

from kerascnn.audit.corpus import Corpus
from kerascnn.audit.corpus_tokenizer import CorpusTokenizer
from kerascnn.data.issues import Issue, RowCounter

TRUNCATION_FRACTION = 0.05
"""Fraction of truncated tokens, or rows in the estimate, from which truncation is a warning."""
SAMPLE_ROWS = 100
"""Number of rows that ``estimate_truncation`` tokenizes."""
SHORT_LENGTHS = {"word": 2, "character": 3}
"""A text with fewer tokens is short, by ``text.level``."""


def find_length_issues(corpus: Corpus) -> list[Issue]:
    """Return issues of short and truncated texts, and of a ``text.max_length`` far above all lengths."""
    return [*_find_short_texts(corpus), *_find_truncation(corpus), *_find_too_long_max_length(corpus)]


def count_truncated_tokens(lengths: np.ndarray, max_length: int) -> int:
    """Return the number of tokens beyond ``max_length``, given the lengths of the documents."""
    return int(np.maximum(0, lengths - max_length).sum())


def estimate_truncation(corpus: Corpus) -> list[Issue]:
    """Return an issue if many training rows are truncated, estimated from ``SAMPLE_ROWS`` rows.

    It tokenizes only rows that are long enough in characters, and only by settings that need no file.
    """
    text, train = corpus.config.text, corpus.train
    # every token has at least one character
    candidates = [row for row in train if len(row.text) > text.max_length]
    needs_file = text.level == "word" and text.split not in ("unicode", "whitespace")
    if not candidates or needs_file:
        return []
    sample = [row.text for row in candidates[:: -(-len(candidates) // SAMPLE_ROWS)]]
    config = dataclasses.replace(corpus.config, text=dataclasses.replace(text, stop_words=""))
    lengths = CorpusTokenizer(config, sample).train.lengths
    fraction = (lengths > text.max_length).mean() * len(candidates) / len(train)
    if fraction < TRUNCATION_FRACTION:
        return []
    about, source = "", ""
    if len(sample) < len(candidates):
        about, source = "about ", f", estimated from {len(sample)} of them"
    return [Issue(
        "truncated", "warning",
        f"{about}{fraction:.0%} of the training rows are longer than {corpus.max_length}{source}",
        round(fraction * len(train)), suggestion="increase --text.max_length to read them completely",
    )]  # fmt: skip


def _find_short_texts(corpus: Corpus) -> list[Issue]:
    minimum = SHORT_LENGTHS[corpus.config.text.level]
    counter = RowCounter()
    for row, length in zip(corpus.all_rows, corpus.all_tokens.lengths.tolist(), strict=True):
        if length < minimum or not any(map(str.isalnum, row.text)):
            counter.add(row, detail=", ".join(map(repr, row.labels)))
    issues: list[Issue] = []
    counter.report(
        issues, "short_text", "note",
        "{count} [row has|rows have] fewer than {minimum} {unit}, or no letter or digit",
        "remove rows that cannot be labelled by their text alone",
        minimum=minimum, unit="characters" if corpus.config.text.level == "character" else "tokens",
    )  # fmt: skip
    return issues


def _find_truncation(corpus: Corpus) -> list[Issue]:
    lengths, max_length = corpus.tokens["train"].lengths, corpus.config.text.max_length
    sufficient = 64 * -(-int(np.percentile(lengths, 95)) // 64)
    counter = RowCounter()
    for row, length in zip(corpus.train, lengths.tolist(), strict=True):
        if length > max_length:
            counter.add(row, detail=f"{length:,}")
    fraction = count_truncated_tokens(lengths, max_length) / max(1, lengths.sum())
    issues: list[Issue] = []
    counter.report(
        issues, "truncated", "warning" if fraction >= TRUNCATION_FRACTION else "note",
        "{count} training [row is|rows are] longer than {max_length}, and {fraction:.1%} of all tokens are cut off",
        f"--text.max_length {sufficient} reads 95 % of the rows completely, which helps if the class depends on the end"
        " of a text" if sufficient > max_length else "",
        max_length=corpus.max_length, fraction=fraction,
    )  # fmt: skip
    return issues


def _find_too_long_max_length(corpus: Corpus) -> list[Issue]:
    longest = int(corpus.tokens["train"].lengths.max())
    sufficient = 32 * max(1, -(-longest // 32))
    if 2 * sufficient > corpus.config.text.max_length:
        return []
    return [Issue(
        "max_length_too_long", "note",
        f"the longest training row has {longest:,} {corpus.unit}, but text.max_length is"
        f" {corpus.config.text.max_length:,}",
        suggestion=f"--text.max_length {sufficient} makes exports for phones faster: their inputs have this length",
    )]  # fmt: skip
