"""``report.html`` of a bundle: metrics, plots and notable examples in one file without external resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from kerascnn.bundle import Bundle
from kerascnn.evaluation.curve_plots import picture_curves
from kerascnn.evaluation.explanation import (
    NUM_SHADES,
    Explanation,
    quantize_strengths,
    replace_control_characters,
)
from kerascnn.evaluation.model_card import format_cost
from kerascnn.evaluation.plots import picture_learning_curves, picture_reliability
from kerascnn.evaluation.templates import load_template
from kerascnn.tasks import SINGLE_LABEL, Task

GENERATOR = '<meta name="generator" content="kerascnn">'
"""Element at the start of every report."""
MAX_EXAMPLES = 8
"""Highest number of examples of each kind."""
PASSAGE_LENGTH = 600
"""Characters of an example that are shown."""
MAX_NGRAMS = 6
"""Highest number of n-grams that are listed below an example."""
MAX_MATRIX_CLASSES = 20
"""Highest number of classes whose confusion matrix is shown; the confused pairs follow it from 9 classes on."""
MAX_PAIRS = 20
"""Highest number of confused pairs of labels."""


@dataclass(frozen=True)
class Example:
    """A labelled document with its prediction."""

    text: str
    predicted: list[tuple[str, float]]
    """Predicted labels with their probabilities, the most probable first."""
    true: list[tuple[str, float]]
    """True labels with their probabilities."""
    others: list[tuple[str, float]]
    """Labels that are not predicted, the most probable first."""
    explained: int
    """Position of the label that is explained."""


def collect_examples(
    texts: Sequence[str], targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str], *,
    task: Task = SINGLE_LABEL, thresholds: Sequence[float] | None = None,
) -> dict[str, list[Example]]:  # fmt: skip
    """Return the most informative documents: the worst mistakes and the least certain predictions.

    Args:
        texts: Documents.
        targets: Their true targets, see ``kerascnn.tasks``.
        probabilities: Predicted probabilities, float (documents, labels).
        names: Name of each label.
        task: Task of the classifier.
        thresholds: Lowest probability at which each label is predicted, (labels,); None if the task has none.

    Returns:
        ``mistakes``, the most confident wrong predictions, and ``uncertain``, the least confident of the others; at
        most ``MAX_EXAMPLES`` each.
    """
    true_labels = task.decode(targets, np.asarray(names))
    predicted_labels = task.ranked_labels(probabilities, thresholds)

    def build_example(row: int, explained: int) -> Example:
        ranking = np.argsort(-probabilities[row], kind="stable").tolist()
        scored = [(names[i], float(probabilities[row, i])) for i in ranking]
        predicted = {names[i] for i in predicted_labels[row]}
        return Example(
            texts[row],
            predicted=[x for x in scored if x[0] in predicted],
            true=[x for x in scored if x[0] in true_labels[row]],
            others=[x for x in scored if x[0] not in predicted],
            explained=explained,
        )

    found = task.notable_examples(targets, probabilities, thresholds, MAX_EXAMPLES)
    return {kind: [build_example(*place) for place in places] for kind, places in found.items()}


def render_report(
    bundle: Bundle,
    sizes: Mapping[str, int],
    examples: Mapping[str, Sequence[Example]],
    explain: Callable[[str, int], Explanation],
    *,
    heading: str = "",
) -> str:
    """Return the HTML of the report.

    Args:
        bundle: The classifier; metrics and plots that it does not have are left out. Those of ``new`` data come before
            those of the test data.
        sizes: Name of each file to its bytes.
        examples: Documents to show, as ``collect_examples`` returns them; may be empty.
        explain: Function from a text and the position of a label to the explanation of that label.
        heading: Title of the page; empty: the model and its data.
    """
    template = load_template(
        "report.html.j2", percent=_format_percent, plain=replace_control_characters, contents=_list_contents
    )
    split = next((split for split in ("new", "test", "validation") if split in bundle.metrics), "")
    results = bundle.metrics.get(split)
    matrix = results.get("confusion_matrix", []) if results else []
    return template.render(
        bundle=bundle,
        task=bundle.task,
        sentences=bundle.task.report_texts,
        sizes=sizes,
        tenths=range(11),
        split=split,
        heading=heading
        or " for ".join(filter(None, (bundle.config.model, ", ".join(bundle.config.data) * bool(bundle.data)))),
        results=results,
        shades=_compute_shades(matrix) if 0 < len(matrix) <= MAX_MATRIX_CLASSES else None,
        confused=bundle.task.confused_pairs(results, MAX_PAIRS) if results else [],
        cost=format_cost(bundle.metrics),
        learning_curves=picture_learning_curves(bundle.history),
        reliability=picture_reliability(results["reliability"]) if results and "reliability" in results else None,
        curves=picture_curves(results.get("curves", {})) if results else [],
        examples={
            kind: [_render_example(x, explain(x.text, x.explained)) for x in rows] for kind, rows in examples.items()
        },
        settings=yaml.safe_dump(bundle.config.to_dict(), sort_keys=False, allow_unicode=True),
    )


def _render_example(example: Example, explanation: Explanation) -> dict[str, Any]:
    """Return an example for the template: its strongest passage in shades, and its strongest n-grams."""
    passages, is_cut_before, is_cut_after = _find_strongest_passage(explanation.passages)
    return {
        "example": example,
        "explanation": explanation,
        "passages": quantize_strengths(passages, NUM_SHADES),
        "is_cut_before": is_cut_before,
        "is_cut_after": is_cut_after,
        "strongest": explanation.contributions[:MAX_NGRAMS],
    }


def _find_strongest_passage(parts: Sequence[tuple[str, float]]) -> tuple[list[tuple[str, float]], bool, bool]:
    """Return ``PASSAGE_LENGTH`` characters with the highest total strength, and whether text is cut on each side."""
    short = [
        (text[start : start + PASSAGE_LENGTH], strength)
        for text, strength in parts
        for start in range(0, len(text), PASSAGE_LENGTH)
    ]
    best, first, size, total = (-1.0, 0, 0), 0, 0, 0.0
    for stop, (text, strength) in enumerate(short, 1):
        size, total = size + len(text), total + abs(strength)
        while size > PASSAGE_LENGTH:
            size, total = size - len(short[first][0]), total - abs(short[first][1])
            first += 1
        best = max(best, (total, -first, stop))  # the earliest of equally strong ones
    _, first, stop = best
    return short[-first:stop], first < 0, stop < len(short)


def _compute_shades(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return each cell of a confusion matrix as a fraction of its row, in tenths."""
    counts = np.asarray(matrix)
    tenths = np.rint(10 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(int)
    return [[int(tenth) for tenth in row] for row in tenths]


def _list_contents(page: str) -> list[tuple[str, str]]:
    """Return the anchor and the title of each section of a page."""
    return re.findall(r'<h2 id="([\w-]+)">([^<]*)</h2>', page)


def _format_percent(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"
