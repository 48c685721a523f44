"""``report.html`` of a bundle: figures, pictures and telling examples, one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
import yaml

from kerascnn.evaluation import plots
from kerascnn.evaluation.explanation import Explanation, levels, printable
from kerascnn.evaluation.metrics import confused, titles
from kerascnn.tasks import SINGLE_LABEL, Task

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle

SHOWN = 8
"""Examples of a kind."""
PASSAGE = 600
"""Characters of an example that are shown."""
STRONGEST = 6
"""N-grams of an example that are listed."""
SHADES = 4
"""Strengths of the color behind a word."""
MATRIX_CLASSES = 20
"""With more classes the confusion matrix gives way to the pairs that are confused most, which stand below smaller ones
of more than 8 classes."""
PAIRS = 20


@dataclass(frozen=True)
class Example:
    """A labelled document and what was said of it."""

    text: str
    given: list[tuple[str, float]]
    """The labels that it got, the best first, with their probabilities."""
    true: list[tuple[str, float]]
    """Its own, with theirs."""
    others: list[tuple[str, float]]
    """The others, the most probable first."""
    about: int
    """Position of the label that is explained."""


def telling(
    texts: Sequence[str], codes: np.ndarray, probabilities: np.ndarray, names: Sequence[str], *,
    task: Task = SINGLE_LABEL, thresholds: Sequence[float] | None = None,
) -> dict[str, list[Example]]:  # fmt: skip
    """The documents that say most about a classifier.

    Args:
        texts: Documents.
        codes: Their true labels, see ``kerascnn.tasks``.
        probabilities: Predicted ones, float (documents, classes).
        names: Name of each class.
        task: What was predicted.
        thresholds: Multi-label: the probability from which on each label is given.

    Returns:
        ``mistakes``, the most confident wrong answers, and ``uncertain``, the least confident of the others; ``SHOWN``
        of each at the most.
    """
    true, given = task.decode(codes, np.asarray(names)), task.ranked_labels(probabilities, thresholds)

    def example(row: int, about: int) -> Example:
        best = np.argsort(-probabilities[row], kind="stable").tolist()
        own = (true[row],) if isinstance(true[row], str) else true[row] or ()
        scored = [(names[i], float(probabilities[row, i])) for i in best]
        answers = {names[i] for i in given[row]}
        return Example(
            texts[row],
            given=[x for x in scored if x[0] in answers],
            true=[x for x in scored if x[0] in own],
            others=[x for x in scored if x[0] not in answers],
            about=about,
        )

    found = task.notable_examples(codes, probabilities, thresholds, SHOWN)
    return {kind: [example(*place) for place in places] for kind, places in found.items()}


def report(bundle: Bundle, sizes: Mapping[str, int], explain: Callable[[str, int], Explanation]) -> str:
    """The page.

    Args:
        bundle: The classifier; what is not known of it is left out.
        sizes: Name of each file to its bytes.
        explain: A text and the position of a label to what speaks for it.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"percent": _percent, "plain": printable}
    name = next((name for name in ("test", "validation") if name in bundle.metrics), "")
    figures = bundle.metrics.get(name)
    matrix = figures.get("confusion_matrix", []) if figures else []
    return environment.get_template("report.html.j2").render(
        bundle=bundle,
        sizes=sizes,
        tenths=range(11),
        name=name,
        figures=figures,
        shades=_shades(matrix) if 0 < len(matrix) <= MATRIX_CLASSES else None,
        titles=titles(figures) if figures else {},
        confused=confused(figures, PAIRS) if figures else [],
        curves=plots.learning_curves(bundle.history),
        reliability=plots.reliability(figures["reliability"]) if figures and "reliability" in figures else None,
        examples={
            kind: [_shown(x, explain(x.text, x.about)) for x in found] for kind, found in bundle.examples.items()
        },
        settings=yaml.safe_dump(bundle.config.to_dict(), sort_keys=False, allow_unicode=True),
    )


def _shown(example: Example, explanation: Explanation) -> dict[str, Any]:
    """An example as the page shows it: its most telling passage in shades, and its strongest n-grams."""
    passages, before, behind = _passage(explanation.passages)
    return {
        "example": example,
        "explanation": explanation,
        "passages": levels(passages, SHADES),
        "before": before,
        "behind": behind,
        "strongest": explanation.contributions[:STRONGEST],
    }


def _passage(parts: Sequence[tuple[str, float]]) -> tuple[list[tuple[str, float]], bool, bool]:
    """The ``PASSAGE`` characters that say most, and whether there is text before and behind them."""
    short = [(text[at : at + PASSAGE], strength) for text, strength in parts for at in range(0, len(text), PASSAGE)]
    best, first, size, said = (-1.0, 0, 0), 0, 0, 0.0
    for stop, (text, strength) in enumerate(short, 1):
        size, said = size + len(text), said + abs(strength)
        while size > PASSAGE:
            size, said = size - len(short[first][0]), said - abs(short[first][1])
            first += 1
        best = max(best, (said, -first, stop))  # the earliest of equal ones
    _, first, stop = best
    return short[-first:stop], first < 0, stop < len(short)


def _shades(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    """The part of its row that each cell has, in tenths."""
    counts = np.asarray(matrix)
    return np.rint(10 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(int).tolist()


def _percent(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"
