"""The baseline ``tfidf_svm``: TF-IDF and a linear support vector machine of scikit-learn."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from pipelines.benchmark.baselines.selection import MARKS, lacks_spaces, selection_data
from pipelines.benchmark.data_sets import LabelledRows

FOLDS = 5
COSTS = (0.1, 0.3, 1, 3, 10)
WORDS = r"(?u)\b\w\w+\b"
"""scikit-learn's default token pattern."""


class TfidfSvm:
    """A pipeline of scikit-learn with chosen settings."""

    epochs = 1

    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Train."""
        self.pipeline.fit(texts, labels)

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the label of each text."""
        predictions: list[str] = self.pipeline.predict(texts).tolist()
        return predictions

    def count_parameters(self) -> int:
        """Return the number of weights and intercepts."""
        svm = self.pipeline[-1]
        return int(svm.coef_.size + svm.intercept_.size)


def choose(rows: LabelledRows, seed: int) -> TfidfSvm:
    """Choose C, and whether punctuation marks are tokens, by accuracy.

    The features are n-grams of one to two words, or of one to three characters if at least a fifth of the text is in
    scripts without spaces between words.

    Args:
        rows: The data set; without validation rows the choice is made by cross-validation.
        seed: Seed of the folds and of the solver.
    """
    from sklearn.base import clone
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline
    from sklearn.svm import LinearSVC

    texts, labels, folds = selection_data(rows, FOLDS, seed)
    settings: dict[str, Any] = {"svm__C": COSTS}
    if lacks_spaces(texts):
        tfidf = TfidfVectorizer(sublinear_tf=True, analyzer="char", ngram_range=(1, 3))
    else:
        tfidf = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
        settings["tfidf__token_pattern"] = (MARKS, WORDS)
    steps = [("tfidf", tfidf), ("svm", LinearSVC(random_state=seed))]
    with tempfile.TemporaryDirectory() as folder:  # the features of a fold are the same for each C
        search = GridSearchCV(Pipeline(steps, memory=folder), settings, cv=folds, scoring="accuracy", refit=False)
        search.fit(texts, labels)
    return TfidfSvm(clone(Pipeline(steps)).set_params(**search.best_params_))
