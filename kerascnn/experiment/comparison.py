"""Compare classifiers on the same rows: how often they are right, and what an answer costs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.data.records import TAGGING_TASK
from kerascnn.experiment.run_data import text_and_label_columns
from kerascnn.utils.tables import text_table

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits

TIMED_TEXTS = 256
"""Texts whose prediction is timed."""


def compare_classifiers(folders: Mapping[str, Path], splits: Splits) -> dict[str, dict[str, Any]]:
    """Return metrics and cost of bundles on the test rows, or on the validation rows if there are none.

    Args:
        folders: Name of each classifier to its bundle.
        splits: The rows.

    Returns:
        Name to the overall metrics of the task, None if unknown, see ``_evaluate``; ``parameters``; ``bytes`` of
        ``model.keras``; ``milliseconds`` per text, of texts that are predicted together, from the text to the
        probabilities.
    """
    from kerascnn.loading import load

    texts, labels = text_and_label_columns(splits.test or splits.validation, splits.task)
    found: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        classifier: Any = load(folder, runtime="tensorflow")
        metrics = _evaluate(classifier, splits, texts, labels)
        timed = texts[:TIMED_TEXTS]
        classifier.predict_proba(timed)  # compiles the function
        start = time.perf_counter()
        classifier.predict_proba(timed)
        seconds = time.perf_counter() - start
        found[name] = {
            **{key: metrics.get(key) for key in splits.task.metric_titles},
            "rows": len(texts),
            "parameters": sum(one.model_.count_params() for one in getattr(classifier, "classifiers", [classifier])),
            "bytes": sum(path.stat().st_size for path in folder.rglob("model.keras")),
            "milliseconds": round(1000 * seconds / len(timed), 4),
        }
    return found


def _evaluate(classifier: Any, splits: Splits, texts: Sequence[Any], labels: list[Any]) -> Mapping[str, Any]:
    """Return the metrics of a classifier on texts that it has not learned.

    One that was fitted once more, with its validation rows, may have learned rows of these. On the same rows
    it has the metrics of its first training; on others nothing is known, and the result is empty.
    """
    bundle = classifier.bundle_
    if splits.task.name == TAGGING_TASK:
        found: Mapping[str, Any] = classifier.evaluate(texts, labels)
        return found
    if splits.test or "refit" not in bundle.metrics:
        found = bundle.evaluate(bundle.encode_names(labels), classifier.predict_proba(texts))
        return found
    from kerascnn.data.records import hash_rows

    is_same = bundle.data.get("validation", {}).get("sha256") == hash_rows(splits.validation)
    measured: Mapping[str, Any] = bundle.metrics.get("validation", {}) if is_same else {}
    return measured


def format_comparison(comparison: Mapping[str, Mapping[str, Any]], splits: Splits) -> str:
    """Return the result of ``compare_classifiers`` as a table."""
    titles = {key: title for key, title in splits.task.metric_titles.items() if key not in ("loss", "ece")}
    if splits.task.name == TAGGING_TASK and all(values["f1"] is None for values in comparison.values()):
        del titles["f1"]  # the tags have no spans
    rows = [
        (
            name, *("unknown" if values[key] is None else f"{values[key]:.4f}" for key in titles),
            f"{values['parameters']:,}", f"{values['bytes'] / 1e6:.1f} MB", f"{values['milliseconds']:.3f}",
        )
        for name, values in comparison.items()
    ]  # fmt: skip
    split = "test" if splits.test else "validation"
    head = (f"{split} data", *titles.values(), "parameters", "model.keras", "ms per text")
    table = text_table(head, rows)
    if any(values[key] is None for values in comparison.values() for key in titles):
        table += "\nunknown: the classifier may have learned rows of this data; give --test-data"
    return table
