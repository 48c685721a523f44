"""Check how much of the validation and test data the vocabulary of the training rows covers."""

from __future__ import annotations

import numpy as np

from kerascnn.audit.corpus import Corpus
from kerascnn.audit.scripts import count_scripts
from kerascnn.data.issues import Issue

SUFFICIENT_COVERAGE = 0.95
"""Fraction of all tokens that the vocabulary should cover."""


def find_vocabulary_issues(corpus: Corpus) -> list[Issue]:
    """Return an issue for each validation or test split with many out-of-vocabulary tokens."""
    issues = []
    for name in corpus.held_out:
        coverage = compute_coverage(corpus, name)
        if coverage["tokens"] < SUFFICIENT_COVERAGE:
            tokens = corpus.tokens[name].truncate(corpus.config.text.max_length)
            issues.append(Issue(
                "out_of_vocabulary", "warning",
                f"{1 - coverage['tokens']:.1%} of all tokens of the {name} data, and {1 - coverage['types']:.1%} of"
                " its distinct tokens, are not in the vocabulary of the training data",
                int((~corpus.tokenizer.is_in_vocabulary()[tokens]).sum()), suggestion=_suggest(corpus),
            ))  # fmt: skip
    return issues


def compute_coverage(corpus: Corpus, name: str) -> dict[str, float]:
    """Return the fractions, 0 to 1, of the distinct (``types``) and of all ``tokens`` that the vocabulary has.

    Args:
        corpus: The rows.
        name: Name of a split. Only the first ``text.max_length`` tokens of a row count.
    """
    known = corpus.tokenizer.is_in_vocabulary()
    tokens = corpus.tokens[name].truncate(corpus.config.text.max_length)
    if not len(tokens):
        return {"types": 1.0, "tokens": 1.0}
    return {"types": float(known[np.unique(tokens)].mean()), "tokens": float(known[tokens].mean())}


def _suggest(corpus: Corpus) -> str:
    text = corpus.config.text
    options = []
    if not corpus.has_pretrained_vocabulary:
        if text.level == "word" and not corpus.is_pretrained:
            [(script, _)] = count_scripts(row.text for row in corpus.train).most_common(1) or [("", 0)]
            vectors = "wordllama (English) or FILE" if script == "Latin" else "FILE"
            options.append(f"--vectors {vectors} --transfer.extend_vocabulary 20000")
        if text.min_count > 1:
            options.append("--text.min_count 1")
        if corpus.tokenizer.is_in_vocabulary().sum() + 2 >= text.max_tokens:
            options.append(f"--text.max_tokens {2 * text.max_tokens}")
    if text.level == "word":
        options.append("--model char_cnn")
    return ", or ".join(options) or "add training rows"
