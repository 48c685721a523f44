"""Pictures of how good the probabilities are: ROC, precision and recall, accuracy by coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from kerascnn.evaluation.figures import BLUE, INK, ORANGE, PALETTE, Picture, create_figure
from kerascnn.evaluation.plots import (
    format_name,
    picture_confusion_matrix,
    picture_learning_curves,
    picture_reliability,
    shorten_name,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = {"roc": ("false positive rate", "true positive rate"), "precision_recall": ("recall", "precision")}
AREAS = {"roc": "area under the ROC curve", "precision_recall": "average precision"}
TITLES = {"roc": "ROC curve", "precision_recall": "Precision and recall"}


def list_pictures(
    results: Mapping[str, Any], history: Sequence[Mapping[str, float]], labels: Sequence[str]
) -> list[Picture]:
    """Return all pictures of a classifier that its metrics allow, in the order of the report.

    Args:
        results: Metrics of a set of documents, as ``Task.evaluate`` returns them; may be empty.
        history: Metrics of each epoch of the training; may be empty.
        labels: Name of each label.
    """
    pictures = picture_learning_curves(history)
    if "confusion_matrix" in results:
        pictures.append(picture_confusion_matrix(results["confusion_matrix"], labels))
    if "reliability" in results:
        pictures.append(picture_reliability(results["reliability"]))
    return [*pictures, *picture_curves(results.get("curves", {}))]


def picture_curves(curves: Mapping[str, Any]) -> list[Picture]:
    """Return the ROC curve, precision and recall, and accuracy by coverage, those that there are.

    Args:
        curves: As ``tasks.curves.compute_curves`` returns them, and ``coverage`` of ``compute_coverage``.
    """
    pictures = [_picture_areas(kind, curves[kind]) for kind in AXES if kind in curves]
    if coverage := curves.get("coverage"):
        pictures.append(Picture("coverage", _describe_coverage(coverage), partial(_draw_coverage, coverage)))
    return pictures


def _picture_areas(kind: str, curves: Mapping[str, Any]) -> Picture:
    """Return ROC curves, or curves of precision and recall."""
    areas, labels = curves["areas"], curves["labels"]
    if kind == "roc" and len(areas) == 2 and len(set(areas.values())) == 1:
        [(name, curve)] = list(labels.items())[-1:]  # the curves of two classes mirror each other
        caption = f"{TITLES[kind]} of {shorten_name(name)}; {AREAS[kind]}: {curve['area']:.3f}."
        return Picture(kind, caption, partial(_draw_areas, kind, {}, {name: curve}), [format_name(name)])
    averages = ", ".join(f"{name} {curve['area']:.3f}" for name, curve in curves["averages"].items())
    lowest = min(areas, key=areas.__getitem__)
    caption = f"{TITLES[kind]} of each label against all others; {AREAS[kind]}: " + "; ".join(
        filter(None, [averages, f"lowest {areas[lowest]:.3f} for {shorten_name(lowest)}"])
    )
    if len(labels) < len(areas) and len(areas) > 2:
        caption += f". Of {len(areas)} labels, the {len(labels)} with the lowest are drawn"
    draw = partial(_draw_areas, kind, curves["averages"] if len(areas) > 2 else {}, labels)
    return Picture(kind, f"{caption}.", draw, [format_name(name) for name in labels])


def _draw_areas(kind: str, averages: Mapping[str, Any], labels: Mapping[str, Any]) -> Figure:
    figure, axes = create_figure(5, 4)
    step = "default" if kind == "roc" else "steps-pre"
    for (name, curve), color in zip(labels.items(), PALETTE, strict=False):
        text = f"{format_name(name)} {curve['area']:.3f}"
        axes.plot(curve["x"], curve["y"], color=color, linewidth=1.2, drawstyle=step, label=text)
    for (name, curve), style in zip(averages.items(), ("-", "--"), strict=False):
        axes.plot(curve["x"], curve["y"], style, color=INK, linewidth=1.8, label=f"{name} {curve['area']:.3f}")
    if kind == "roc":
        axes.plot([0, 1], [0, 1], ":", color=INK, linewidth=1)
    x, y = AXES[kind]
    axes.set(xlabel=x, ylabel=y, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.legend(frameon=False, fontsize=8, loc="lower right" if kind == "roc" else "lower left")
    return figure


def _describe_coverage(coverage: Mapping[str, Sequence[float]]) -> str:
    points = list(zip(coverage["coverage"], coverage["accuracy"], coverage["threshold"], strict=True))
    parts = []
    for part in (0.5, 0.8, 0.9, 1.0):
        covered, accuracy, threshold = next(point for point in points if point[0] >= part - 1e-9)
        parts.append(f"{accuracy:.1%} of the most confident {covered:.0%} (from {threshold:.2f} on)")
    return f"Accuracy by coverage: right are {', '.join(dict.fromkeys(parts))}."


def _draw_coverage(coverage: Mapping[str, Sequence[float]]) -> Figure:
    figure, axes = create_figure(5, 4)
    share = [100 * value for value in coverage["coverage"]]
    accuracy = [100 * value for value in coverage["accuracy"]]
    threshold = [100 * value for value in coverage["threshold"]]
    axes.plot(share, accuracy, "-", color=BLUE, linewidth=1.8, label="accuracy of the answered part")
    axes.plot(share, threshold, "--", color=ORANGE, linewidth=1.4, label="threshold of the probability")
    axes.set(xlabel="answered part of the texts (%)", ylabel="%", xlim=(0, 102))
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    return figure
