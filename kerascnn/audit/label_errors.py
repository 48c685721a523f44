"""Labels that are probably wrong, by confident learning (Northcutt, Jiang & Chuang 2021), for which cleanlab stands.

The probabilities are those of logistic regression on TF-IDF of n-grams, cross-validated, so that no row is judged by a
classifier that has seen its label: seconds instead of the minutes that as many trainings of a network take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from kerascnn.audit.token_counts import CorpusTokenizer, RaggedTokens
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Row
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional

FOLDS = 5


def find_label_errors(rows: Sequence[Row], reader: CorpusTokenizer, tokens: RaggedTokens) -> list[Issue]:
    """The rows whose label is probably wrong, the surest first.

    Rows of classes with fewer rows than folds are left out.

    Args:
        rows: Rows of all splits.
        reader: What read them.
        tokens: Their tokens.

    Raises:
        InputError: The extra ``audit`` is not installed, or fewer than two classes can be cross-validated.
    """
    if isinstance(rows[0].label, tuple):
        raise InputError("--label-errors: rows of multi-label data have any number of labels; it looks at single ones")
    cleanlab = import_optional("cleanlab.filter", "audit")
    counts = Counter(label for row in rows for label in row.labels)
    positions = [position for position, row in enumerate(rows) if counts[row.labels[0]] >= FOLDS]
    names = sorted(label for label, count in counts.items() if count >= FOLDS)
    if len(names) < 2:
        raise InputError(f"label errors are found where two classes have {FOLDS} rows or more; add rows")
    codes = np.array([names.index(rows[position].labels[0]) for position in positions])
    probabilities = _probabilities(_documents(tokens, positions, reader), codes, reader.settings.level)
    wrong = cleanlab.find_label_issues(
        codes, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
    )  # fmt: skip
    counter = RowCounter()
    for place in wrong.tolist():
        best = int(probabilities[place].argmax())
        detail = f"{names[codes[place]]!r}, looks like {names[best]!r} ({probabilities[place, best]:.2f})"
        counter.add(rows[positions[place]], detail=detail)
    accuracy = (probabilities.argmax(axis=1) == codes).mean()
    issues: list[Issue] = []
    counter.report(
        issues, "label_error", "serious",
        f"rows whose label is probably wrong, says a linear classifier that is right on {accuracy:.0%} of the rows",
        "read them, and correct what is wrong, in the test data first",
    )  # fmt: skip
    return issues


def _documents(tokens: RaggedTokens, positions: Sequence[int], reader: CorpusTokenizer) -> list[list[str]]:
    names = list(reader.types)
    bounds = tokens.row_splits
    return [[names[n] for n in tokens.values[bounds[p] : bounds[p + 1]].tolist()] for p in positions]


def _probabilities(documents: list[list[str]], codes: np.ndarray, level: str) -> np.ndarray:
    """Probabilities of each document by a classifier that has not seen it, float (documents, classes)."""
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
    return cross_val_predict(classifier, documents, codes, cv=folds, method="predict_proba")
