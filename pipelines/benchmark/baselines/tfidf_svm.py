"""The baseline ``tfidf_svm``: TF-IDF and a linear support vector machine of scikit-learn."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipelines.benchmark.baselines.selection import MARKS, lacks_spaces, selection_data
from pipelines.benchmark.data_sets import LabelledRows

FOLDS = 5
COSTS = (1, 0.3, 3, 0.1, 10)
"""Values of C; of equally good ones the first is chosen, scikit-learn's default if possible."""
WORDS = ({"ngram_range": (1, 2)}, {"ngram_range": (1, 2), "token_pattern": MARKS})
"""Settings of the features to choose from: scikit-learn's default tokens, or words and punctuation marks."""
CHARACTERS = ({"analyzer": "char", "ngram_range": (1, 3)},)


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
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import accuracy_score
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    texts, labels, folds = selection_data(rows, FOLDS, seed)
    choices: Sequence[dict[str, Any]] = CHARACTERS if lacks_spaces(texts) else WORDS
    hits: Counter[tuple[int, float]] = Counter()
    for (number, tokens), (fit, held_out) in itertools.product(enumerate(choices), folds):
        known, expected = [labels[i] for i in fit], [labels[i] for i in held_out]
        if len(set(known)) == 1:  # the other label has a single row, which is held out
            continue
        vectorizer = TfidfVectorizer(sublinear_tf=True, **tokens)
        features = vectorizer.fit_transform([texts[i] for i in fit])
        new_features = vectorizer.transform([texts[i] for i in held_out])
        for cost in COSTS:
            predictions = LinearSVC(C=cost, random_state=seed).fit(features, known).predict(new_features)
            hits[number, cost] += accuracy_score(expected, predictions, normalize=False)
    number, cost = max(itertools.product(range(len(choices)), COSTS), key=hits.__getitem__)
    vectorizer = TfidfVectorizer(sublinear_tf=True, **choices[number])
    return TfidfSvm(make_pipeline(vectorizer, LinearSVC(C=cost, random_state=seed)))
