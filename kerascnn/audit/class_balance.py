"""Check the balance of classes: imbalance, rare classes, and classes without validation or test rows."""

from __future__ import annotations

from collections import Counter

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.utils.errors import quote_names

IMBALANCE_RATIO = 5.0
"""Ratio of the largest to the smallest class from which classes are imbalanced."""
RARE_ROWS = 10
"""A class with fewer training rows is rare."""


def find_class_balance_issues(corpus: Corpus, counts: Counter[str] | None = None) -> list[Issue]:
    """Return issues of imbalanced, rare and missing classes.

    Args:
        corpus: The rows.
        counts: Number of training rows of each label, if ``corpus`` has a part of them; None: count them.
    """
    counts = counts or Counter(label for row in corpus.train for label in row.labels)
    return [
        *_find_imbalance(corpus, counts),
        *_find_rare_classes(corpus, counts),
        *_find_missing_classes(corpus, counts),
    ]


def _find_imbalance(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    (largest, most), (smallest, least) = counts.most_common()[0], counts.most_common()[-1]
    if most < IMBALANCE_RATIO * least:
        return []
    return [Issue(
        "class_imbalance", "note" if _is_balanced(corpus) else "warning",
        f"the classes are imbalanced: {most:,} training rows of {largest!r}, {least:,} of {smallest!r}", least,
        suggestion=_suggest_balance(corpus),
    )]  # fmt: skip


def _is_balanced(corpus: Corpus) -> bool:
    """Return whether the training balances the classes."""
    training = corpus.config.training
    return "balanced" in (training.class_weights, training.sampling) or training.focal_gamma > 0


def _suggest_balance(corpus: Corpus) -> str:
    """Return the remedies that the run does not use yet: settings that balance the classes, and a metric."""
    task, is_linear = corpus.task, corpus.config.network.is_linear
    settings, _, metric = (task.linear_imbalance_remedy if is_linear else task.imbalance_remedy).partition("; ")
    remedies = [] if _is_balanced(corpus) else [settings]
    if metric and corpus.config.training.monitor != "macro_f1":
        remedies.append(metric)
    return "; ".join(remedies)


def _find_rare_classes(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    rare = sorted(label for label, count in counts.items() if count < RARE_ROWS)
    counter = RowCounter()
    for row in corpus.train:
        if labels := [label for label in row.labels if counts[label] < RARE_ROWS]:
            counter.add(row, detail=", ".join(f"{label!r}: {counts[label]}" for label in labels))
    issues: list[Issue] = []
    counter.report(
        issues, "rare_class", "warning",
        "{count} training [row belongs to a class|rows belong to classes] with fewer than {limit} rows, {rare} of {all}"
        " classes: {names}",
        "add rows, or merge classes"
        + ("" if corpus.is_pretrained else "; pretrained weights help: --vectors FILE, --init-from FOLDER"),
        rare=len(rare), all=len(counts), limit=RARE_ROWS, names=quote_names(rare),
    )  # fmt: skip
    return issues


def _find_missing_classes(corpus: Corpus, counts: Counter[str]) -> list[Issue]:
    issues = []
    for name in corpus.held_out:
        missing = sorted(counts.keys() - {label for row in corpus.rows[name] for label in row.labels})
        if missing:
            issues.append(Issue(
                "missing_class", "warning",
                f"the {name} data has no row of {len(missing)} of {len(counts)} classes: {quote_names(missing)}",
                len(missing),
                suggestion=f"add such rows to the {name} data, or its metrics do not cover these classes",
            ))  # fmt: skip
    return issues
