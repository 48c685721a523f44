"""Compute statistics of each split."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from kerascnn.audit.corpus import Corpus
from kerascnn.audit.scripts import count_scripts
from kerascnn.audit.token_lengths import count_truncated_tokens
from kerascnn.audit.vocabulary_coverage import compute_coverage


def compute_statistics(corpus: Corpus) -> dict[str, dict[str, Any]]:
    """Return the names of the splits with their statistics.

    The statistics of a split are

    - ``rows``: number of rows;
    - ``classes``: labels to numbers of rows;
    - ``labels_per_row`` (multi-label): numbers of labels, from 0, to numbers of rows;
    - ``label_pairs`` (multi-label): the 10 most frequent pairs, each two labels and a number of rows;
    - ``tokens``: ``unit``, and ``mean``, ``median``, ``p95`` and ``longest`` of the lengths;
    - ``truncated``: fractions, 0 to 1, of ``rows`` and ``tokens`` beyond ``text.max_length``;
    - ``scripts``: names of scripts to numbers of rows;
    - ``vocabulary_coverage`` (validation and test data): see ``vocabulary_coverage.compute_coverage``.
    """
    statistics = {}
    for name, rows in corpus.rows.items():
        statistics[name] = {
            "rows": len(rows),
            "classes": dict(Counter(label for row in rows for label in row.labels).most_common()),
            **corpus.task.describe_labels(rows),
            **_summarize_lengths(corpus, name),
            "scripts": dict(count_scripts(row.text for row in rows).most_common()),
        }
        if name != "train":
            statistics[name]["vocabulary_coverage"] = compute_coverage(corpus, name)
    return statistics


def _summarize_lengths(corpus: Corpus, name: str) -> dict[str, Any]:
    lengths, max_length = corpus.tokens[name].lengths, corpus.config.text.max_length
    return {
        "tokens": {
            "unit": corpus.unit,
            "mean": round(float(lengths.mean()), 1),
            "median": float(np.median(lengths)),
            "p95": float(np.percentile(lengths, 95)),
            "longest": int(lengths.max()),
        },
        "truncated": {
            "rows": float((lengths > max_length).mean()),
            "tokens": float(count_truncated_tokens(lengths, max_length) / max(1, lengths.sum())),
        },
    }
