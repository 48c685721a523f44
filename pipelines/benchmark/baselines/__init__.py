"""The baselines of the accuracy benchmark: classifiers of other packages, tuned on the validation rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from pipelines.benchmark.baselines import fasttext, tfidf_svm
from pipelines.benchmark.baselines.selection import Classifier
from pipelines.benchmark.data_sets import LabelledRows, load_rows

BASELINES: dict[str, Callable[[LabelledRows, int], Classifier]] = {
    "tfidf_svm": tfidf_svm.choose,
    "fasttext": fasttext.choose,
}
"""Name of a baseline to the function that chooses its settings on rows, with a seed."""


def train_baseline(name: str, options: Sequence[str], seed: int) -> dict[str, Any]:
    """Choose the settings of a baseline, train it and test it.

    If the data set gives validation rows, the settings are chosen on them, and it learns from the training rows, as the
    networks do. Otherwise the settings are chosen by cross-validation of the training rows, and it learns from all of
    them.

    Args:
        name: Name of the baseline.
        options: Sources, see ``data_sets.load_rows``.
        seed: Seed of the folds and of the classifier.

    Returns:
        The columns of ``pipelines.benchmark.accuracy`` except the sizes of files. The time is that of the last fit,
        without the choice of the settings.

    Raises:
        InputError: The data cannot be used, or the package of the baseline is not installed.
    """
    from sklearn.metrics import accuracy_score, f1_score

    rows = load_rows(options)
    classifier = BASELINES[name](rows, seed)
    texts, labels = [row.text for row in rows.train], [row.label for row in rows.train]
    start = time.perf_counter()
    classifier.fit(texts, labels)
    seconds = time.perf_counter() - start
    expected, predictions = [row.label for row in rows.test], classifier.predict([row.text for row in rows.test])
    return {
        "model": name,
        "training_rows": len(texts),
        "test_rows": len(expected),
        "accuracy": float(accuracy_score(expected, predictions)),
        "macro_f1": float(f1_score(expected, predictions, average="macro")),
        "parameters": classifier.count_parameters(),
        "epochs": classifier.epochs,
        "seconds": seconds,
        "documents_per_second": len(texts) / seconds,
    }
