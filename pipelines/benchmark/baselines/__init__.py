"""The baselines of the accuracy benchmark: classifiers of other packages, tuned on the rows that they are given."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerascnn.encoders.minilm import PACKAGE as MINILM_PACKAGE
from kerascnn.utils.errors import InputError
from pipelines.benchmark.baselines import fasttext, minilm, tfidf_svm, wordllama
from pipelines.benchmark.baselines.peer import PEERS, train_peer
from pipelines.benchmark.baselines.selection import Classifier
from pipelines.benchmark.data_sets import LabelledRows, load_rows

BASELINES: dict[str, Callable[[LabelledRows, int], Classifier]] = {
    "tfidf_svm": tfidf_svm.choose,
    "fasttext": fasttext.choose,
    "wordllama": wordllama.choose,
    "minilm": minilm.choose,
}
"""Name of a baseline to the function that chooses its settings on rows, with a seed."""
_EXTRA = 'pip install "kerascnn[benchmark]"'
PACKAGES: dict[str, Mapping[str, str]] = {
    "fasttext": {"fasttext": _EXTRA},
    "wordllama": dict.fromkeys(("wordllama", "safetensors", "tokenizers"), _EXTRA),
    "minilm": {MINILM_PACKAGE.module: MINILM_PACKAGE.install, "keras_hub": _EXTRA, "tokenizers": _EXTRA},
}
"""Name of a baseline to the modules of packages that it needs, and the commands that install them."""


def check_baseline(name: str) -> None:
    """Check that the packages of a baseline are installed; imports none of them.

    Raises:
        InputError: A package is not installed.
    """
    for module, install in PACKAGES.get(name, {}).items():
        if importlib.util.find_spec(module) is None:
            raise InputError(f"{name}: the package {module} is not installed; {install}")


def train_baseline(name: str, options: Sequence[str], seed: int, python: str = "") -> dict[str, Any]:
    """Choose the settings of a baseline, train it and test it.

    If the data set gives validation rows, the settings are chosen on them, and it learns from the training rows, as the
    networks do. Otherwise the settings are chosen by cross-validation of the training rows, and it learns from all of
    them. A peer has fixed settings and learns from the training rows.

    Args:
        name: Name of the baseline or peer.
        options: Sources, see ``data_sets.load_rows``.
        seed: Seed of the folds and of the classifier.
        python: For a peer, the interpreter of its environment.

    Returns:
        The columns of ``pipelines.benchmark.accuracy`` except the sizes of files. The time is that of the last fit,
        without the choice of the settings and the loading of an encoder.

    Raises:
        InputError: The data cannot be used, or the package of the baseline is not installed.
    """
    from sklearn.metrics import accuracy_score, f1_score

    rows = load_rows(options)
    result = train_peer(name, rows, seed, python) if name in PEERS else _train(BASELINES[name](rows, seed), rows)
    expected, predictions = [row.label for row in rows.test], result.pop("predictions")
    return {
        "model": name,
        "training_rows": len(rows.train),
        "test_rows": len(expected),
        "accuracy": float(accuracy_score(expected, predictions)),
        "macro_f1": float(f1_score(expected, predictions, average="macro")),
        "documents_per_second": len(rows.train) / result["seconds"],
        **result,
    }


def _train(classifier: Classifier, rows: LabelledRows) -> dict[str, Any]:
    start = time.perf_counter()
    classifier.fit([row.text for row in rows.train], [row.label for row in rows.train])
    seconds = time.perf_counter() - start
    return {
        "predictions": classifier.predict([row.text for row in rows.test]),
        "parameters": classifier.count_parameters(),
        "epochs": classifier.epochs,
        "seconds": seconds,
    }
