"""Find labels that are probably wrong by confident learning (Northcutt, Jiang & Chuang 2021), with cleanlab.

The probabilities come from logistic regression on TF-IDF of n-grams. They are cross-validated, so that the classifier
that judges a row has not seen its label. This takes seconds; training a network for each fold takes minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional

FOLDS = 5
"""Number of parts of the cross-validation."""


def find_label_errors(corpus: Corpus) -> list[Issue]:
    """Return an issue of the rows that probably have a wrong label, the most certain first.

    Rows of classes with fewer than ``FOLDS`` rows are ignored.

    Raises:
        InputError: The extra ``audit`` is not installed, the data is multi-label, or fewer than two classes can be
            cross-validated.
    """
    corpus.task.require("label_errors", "--label-errors")
    cleanlab = import_optional("cleanlab.filter", "audit")
    rows = corpus.all_rows
    counts = Counter(label for row in rows for label in row.labels)
    positions = [position for position, row in enumerate(rows) if counts[row.labels[0]] >= FOLDS]
    classes = sorted(label for label, count in counts.items() if count >= FOLDS)
    if len(classes) < 2:
        raise InputError(f"--label-errors needs two classes with at least {FOLDS} rows; add rows")
    targets = np.array([classes.index(rows[position].labels[0]) for position in positions])
    probabilities = _predict_out_of_fold(_list_tokens(corpus, positions), targets, corpus.tokenizer.settings.level)
    wrong = cleanlab.find_label_issues(targets, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1)
    counter = RowCounter()
    for index in wrong.tolist():
        best = int(probabilities[index].argmax())
        detail = f"{classes[targets[index]]!r}, predicted {classes[best]!r} ({probabilities[index, best]:.2f})"
        counter.add(rows[positions[index]], detail=detail)
    issues: list[Issue] = []
    counter.report(
        issues, "label_error", "serious",
        "{count} [row probably has a wrong label|rows probably have a wrong label], according to a linear classifier"
        " with an accuracy of {accuracy:.0%}",
        "read them and correct the wrong labels, first in the test data",
        accuracy=(probabilities.argmax(axis=1) == targets).mean(),
    )  # fmt: skip
    return issues


def _list_tokens(corpus: Corpus, positions: Sequence[int]) -> list[list[str]]:
    names, tokens = list(corpus.tokenizer.numbers), corpus.all_tokens
    starts = tokens.row_splits
    return [
        [names[number] for number in tokens.values[starts[position] : starts[position + 1]].tolist()]
        for position in positions
    ]


def _predict_out_of_fold(documents: list[list[str]], targets: np.ndarray, level: str) -> np.ndarray:
    """Return probabilities of each document by a classifier that has not seen it, float (documents, classes)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(
        tokenizer=lambda tokens: tokens, token_pattern=None, lowercase=False,
        ngram_range=(1, 2) if level == "word" else (1, 3), min_df=2, sublinear_tf=True, dtype=np.float32,
    )  # fmt: skip
    classifier = make_pipeline(vectorizer, LogisticRegression(C=10.0, max_iter=200))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    return np.asarray(cross_val_predict(classifier, documents, targets, cv=folds, method="predict_proba"))
