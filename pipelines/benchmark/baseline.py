"""The yardstick of the accuracies: TF-IDF and a linear support vector machine, which many would take instead."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

NAME = "tfidf_svm"


def train(options: Sequence[str], seed: int) -> dict[str, Any]:
    """The figures of scikit-learn's text guide: n-grams of one and two words, or of one to three characters.

    Characters are read where a fifth of the texts or more has no spaces between words. It learns from the training
    rows alone, as the networks do; nothing of it needs validation rows.

    Args:
        options: ``--data``, ``--validation-data`` and ``--test-data``, each followed by a source; the latter two may
            be missing, as for ``python -m pipelines.train``.
        seed: Of the solver.

    Returns:
        The columns of ``pipelines.benchmark.accuracy`` that it can fill.
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
        {"analyzer": "char", "ngram_range": (1, 3)} if spaceless(texts) else {"ngram_range": (1, 2)}
    )
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True, **tokens), LinearSVC(random_state=seed))
    start = time.perf_counter()
    model.fit(texts, labels)
    seconds = time.perf_counter() - start
    answers, right = model.predict([row.text for row in splits.test]), [row.label for row in splits.test]
    return {
        "model": NAME,
        "training_rows": len(texts),
        "test_rows": len(right),
        "accuracy": float((answers == right).mean()),
        "macro_f1": float(f1_score(right, answers, average="macro")),
        "parameters": model[-1].coef_.size + model[-1].intercept_.size,
        "epochs": 1,
        "seconds": seconds,
        "documents_per_second": len(texts) / seconds,
    }


def spaceless(texts: Sequence[str]) -> bool:
    """Whether a fifth of the texts or more is in scripts without spaces between words."""
    from kerascnn.audit.scripts import count_scripts, has_unspaced_scripts

    return has_unspaced_scripts(count_scripts(texts))
