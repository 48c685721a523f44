"""Compare classifiers on the same rows: how often they are right, and what an answer costs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        Name to the overall metrics of the task; ``parameters``; ``bytes`` of ``model.keras``; ``milliseconds`` per
        text, of texts that are predicted together, from the text to the probabilities.
    """
    from kerascnn.classifier import load

    texts, labels = text_and_label_columns(splits.test or splits.validation, splits.task)
    found: dict[str, dict[str, Any]] = {}
    for name, folder in folders.items():
        classifier = load(folder)
        metrics = classifier.evaluate(texts, labels)
        timed = texts[:TIMED_TEXTS]
        start = time.perf_counter()  # the function is compiled by now
        classifier.predict_proba(timed)
        seconds = time.perf_counter() - start
        found[name] = {
            **{key: metrics[key] for key in splits.task.metric_titles},
            "rows": len(texts),
            "parameters": classifier.model_.count_params(),
            "bytes": (folder / "model.keras").stat().st_size,
            "milliseconds": round(1000 * seconds / len(timed), 4),
        }
    return found


def format_comparison(comparison: Mapping[str, Mapping[str, Any]], splits: Splits) -> str:
    """Return the result of ``compare_classifiers`` as a table."""
    titles = {key: title for key, title in splits.task.metric_titles.items() if key not in ("loss", "ece")}
    rows = [
        (
            name, *(f"{values[key]:.4f}" for key in titles), f"{values['parameters']:,}",
            f"{values['bytes'] / 1e6:.1f} MB", f"{values['milliseconds']:.3f}",
        )
        for name, values in comparison.items()
    ]  # fmt: skip
    split = "test" if splits.test else "validation"
    head = (f"{split} data", *titles.values(), "parameters", "model.keras", "ms per text")
    return text_table(head, rows)
