"""The baseline of the accuracy benchmark: TF-IDF and a linear support vector machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

NAME = "tfidf_svm"


def train(options: Sequence[str], seed: int) -> dict[str, Any]:
    """Train the pipeline of scikit-learn's text guide on n-grams of one to two words, or of one to three characters.

    It uses characters if at least a fifth of the text is in scripts without spaces between words. It learns from the
    training rows only, as the networks do, and needs no validation rows.

    Args:
        options: ``--data``, ``--validation-data`` and ``--test-data``, each followed by a source; the latter two may
            be missing, as for ``python -m pipelines.train``.
        seed: Seed of the solver.

    Returns:
        The columns of ``pipelines.benchmark.accuracy`` except the sizes of files.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import f1_score
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    from kerascnn.config import SourceConfig
    from kerascnn.data.splits import load_splits

    sources = dict(zip(options[::2], options[1::2], strict=True))
    train, validation, test = (
        [sources[name]] if name in sources else [] for name in ("--data", "--validation-data", "--test-data")
    )
    splits = load_splits(train, validation, test, SourceConfig())
    texts, labels = [row.text for row in splits.train], [row.label for row in splits.train]
    tokens: dict[str, Any] = (
        {"analyzer": "char", "ngram_range": (1, 3)} if lacks_spaces(texts) else {"ngram_range": (1, 2)}
    )
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True, **tokens), LinearSVC(random_state=seed))
    start = time.perf_counter()
    model.fit(texts, labels)
    seconds = time.perf_counter() - start
    predictions, labels_of_test = model.predict([row.text for row in splits.test]), [row.label for row in splits.test]
    return {
        "model": NAME,
        "training_rows": len(texts),
        "test_rows": len(labels_of_test),
        "accuracy": float((predictions == labels_of_test).mean()),
        "macro_f1": float(f1_score(labels_of_test, predictions, average="macro")),
        "parameters": model[-1].coef_.size + model[-1].intercept_.size,
        "epochs": 1,
        "seconds": seconds,
        "documents_per_second": len(texts) / seconds,
    }


def lacks_spaces(texts: Sequence[str]) -> bool:
    """Whether a large part of the text is in scripts without spaces between words."""
    from kerascnn.audit.scripts import count_scripts, has_unspaced_scripts

    return has_unspaced_scripts(count_scripts(texts))
