"""ROC curves, precision-recall curves, and accuracy by coverage, in a few points each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MAX_POINTS = 40
"""Most points of a curve; those in between are left out."""
MAX_CURVES = 8
"""Most labels with a curve of their own; the areas of all are in ``areas``."""
MAX_CELLS = 2_000_000
"""Most pairs of document and label to sort for an average over all of them, which takes about 50 bytes for each."""
_GRID = np.linspace(0, 1, 101)


def compute_curves(targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Return the ROC curve and the precision-recall curve of each label against all others, and their averages.

    Args:
        targets: Whether each label applies, bool or 0 and 1, (documents, labels); or the position of the label of each
            document, int (documents,).
        probabilities: float (documents, labels).
        names: Name of each label.

    Returns:
        ``roc`` and ``precision_recall``, each with ``averages`` (``macro``, the mean of the labels, and ``micro``, of
        all decisions about labels), ``labels`` (name to the curve of the labels with the smallest area) and ``areas``
        (name to area under the curve; labels that no document has, or that all have, are missing). A curve has its
        ``area``, and lists ``x`` and ``y``: false and true positive rate, or recall and precision. The area under the
        precision-recall curve is the average precision. Empty if no label can be judged.
    """
    roc, precision_recall = _Curves(_roc), _Curves(_precision_recall)
    for i, name in enumerate(names):
        applies = targets == i if targets.ndim == 1 else targets[:, i]
        if 0 < applies.sum() < len(targets):
            hits = _count_hits(applies, probabilities[:, i])
            roc.add(name, hits)
            precision_recall.add(name, hits)
    if not roc.areas:
        return {}
    pooled = None
    if len(roc.areas) > 1 and probabilities.size <= MAX_CELLS:
        applies = targets[:, None] == np.arange(len(names)) if targets.ndim == 1 else targets
        pooled = _count_hits(applies.ravel(), probabilities.ravel())
    return {"roc": roc.summarize(pooled), "precision_recall": precision_recall.summarize(pooled)}


def compute_coverage(confidence: np.ndarray, is_right: np.ndarray) -> dict[str, list[float]]:
    """Return the accuracy of the predictions that reach a threshold, and how many they are.

    Args:
        confidence: Probability of each prediction, float (documents,).
        is_right: Whether each prediction is right, bool (documents,).

    Returns:
        Lists ``threshold``, ``coverage`` and ``accuracy``, from the highest threshold to the one that all reach.
    """
    thresholds, rows, right = _count_hits(is_right, confidence)
    coverage, accuracy = rows / rows[-1], right / rows
    shown = _select_points(coverage, accuracy)
    return {name: _round(x[shown]) for name, x in
            (("threshold", thresholds), ("coverage", coverage), ("accuracy", accuracy))}  # fmt: skip


def _count_hits(applies: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the thresholds, falling, with the number of documents that reach each and those of them that apply."""
    order = np.argsort(-probabilities, kind="stable")
    probabilities = probabilities[order]
    last = np.flatnonzero(np.append(np.diff(probabilities), -1.0))
    return probabilities[last], last + 1.0, np.cumsum(applies[order], dtype=np.float64)[last]


_Hits = tuple[np.ndarray, np.ndarray, np.ndarray]


def _roc(hits: _Hits) -> tuple[float, np.ndarray, np.ndarray]:
    """Return area, false and true positive rates."""
    _, rows, right = hits
    wrong = rows - right
    x, y = np.append(0, wrong / wrong[-1]), np.append(0, right / right[-1])
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)), x, y


def _precision_recall(hits: _Hits) -> tuple[float, np.ndarray, np.ndarray]:
    """Return average precision, recall and precision."""
    stop = int(np.searchsorted(hits[2], hits[2][-1])) + 1  # lower thresholds find nothing more
    _, rows, right = (values[:stop] for values in hits)
    recall, precision = right / right[-1], right / rows
    return (
        float(np.sum(np.diff(recall, prepend=0) * precision)),
        np.append(0, recall),
        np.append(precision[0], precision),
    )


class _Curves:
    """The curves of one kind; of each label only what its summary needs is kept.

    Attributes:
        areas: Name of each label to the area under its curve.
    """

    def __init__(self, curve: Callable[[_Hits], tuple[float, np.ndarray, np.ndarray]]) -> None:
        self.areas: dict[str, float] = {}
        self._curve = curve
        self._heights = np.zeros_like(_GRID)
        self._lowest: dict[str, dict[str, Any]] = {}

    def add(self, name: str, hits: _Hits) -> None:
        """Add the curve of a label."""
        area, x, y = self._curve(hits)
        self.areas[name] = area
        self._heights += _interpolate(x, y, is_roc=self._curve is _roc)
        self._lowest[name] = _format(area, x, y)
        if len(self._lowest) > MAX_CURVES:
            del self._lowest[max(reversed(self._lowest), key=self.areas.__getitem__)]

    def summarize(self, pooled: _Hits | None) -> dict[str, Any]:
        """Return the averages, the curves with the smallest areas and all areas."""
        averages = {}
        if len(self.areas) > 1:
            mean = float(np.mean(list(self.areas.values())))
            averages["macro"] = _format(mean, _GRID, self._heights / len(self.areas))
            if pooled:
                averages["micro"] = _format(*self._curve(pooled))
        return {
            "averages": averages,
            "labels": self._lowest,
            "areas": {name: round(area, 4) for name, area in self.areas.items()},
        }


def _interpolate(x: np.ndarray, y: np.ndarray, *, is_roc: bool) -> np.ndarray:
    """Return the height of a curve on a grid: between its points, or the precision where a recall is reached."""
    if is_roc:
        return np.asarray(np.interp(_GRID, x, y))
    return np.asarray(y[np.minimum(np.searchsorted(x, _GRID - 1e-12), len(x) - 1)])


def _format(area: float, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    shown = _select_points(x, y)
    return {"area": round(area, 4), "x": _round(x[shown]), "y": _round(y[shown])}


def _select_points(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return positions of ``MAX_POINTS`` points at equal distances along a curve, with its ends."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    return np.unique(np.searchsorted(length, np.linspace(0, length[-1], MAX_POINTS)).clip(0, len(x) - 1))


def _round(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]
