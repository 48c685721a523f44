"""Pictures of metrics: confusion matrix, learning curves, reliability; and the trials of a search."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn.evaluation.explanation import replace_control_characters
from kerascnn.evaluation.figures import BLUE, DPI, INK, ORANGE, Picture, create_figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_CLASSES = 40
"""Most classes of a picture: memory and time grow with their square, and no one reads a larger one."""
MAX_PERCENTAGES = 20
"""Most classes of a confusion matrix that shows percentages below the counts."""
MAX_NAME_CHARACTERS = 24
"""Longest name of a class in a picture."""


def plot_confusion_matrix(matrix: Sequence[Sequence[int]], names: Sequence[str], path: str | Path) -> None:
    """Draw a confusion matrix into a file, see ``picture_confusion_matrix``.

    Args:
        matrix: Counts, (classes, classes).
        names: Name of each class.
        path: The file to write: .svg, .pdf, or PNG.
    """
    picture_confusion_matrix(matrix, names).save(path)


def picture_confusion_matrix(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> Picture:
    """Return a confusion matrix: true classes in rows, predicted ones in columns, shaded by fraction of the row.

    Cells have counts and, with few classes, percentages of the row. Of more than ``MAX_CLASSES`` classes, those that
    are confused most often are shown.

    Args:
        matrix: Counts, (classes, classes).
        names: Name of each class.
    """
    counts = np.asarray(matrix)
    shown = _most_confused(counts)
    title = f"the {len(shown)} of {len(names)} classes that are confused most often" if len(shown) < len(names) else ""
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    place, names = np.ix_(shown, shown), [format_name(names[i]) for i in shown]
    caption = "Confusion matrix: true classes in rows, predictions in columns, as counts and percentages of the row."
    draw = partial(_draw_confusion_matrix, counts[place], parts[place], names, title)
    return Picture("confusion_matrix", caption, draw, names)


def _draw_confusion_matrix(counts: np.ndarray, parts: np.ndarray, names: Sequence[str], title: str) -> Figure:
    from matplotlib.figure import Figure

    side = 2.5 + 0.55 * len(names)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    with_percentages = len(names) <= MAX_PERCENTAGES
    for (row, column), count in np.ndenumerate(counts):
        if count:
            text = f"{count}\n{100 * parts[row, column]:.0f} %" if with_percentages else str(count)
            shade = "white" if parts[row, column] > 0.5 else "black"
            axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=7 if with_percentages else 8)
    return figure


def _most_confused(counts: np.ndarray) -> list[int]:
    """Return the positions of at most ``MAX_CLASSES`` classes with the most errors, in their order."""
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return sorted(np.argsort(-errors, kind="stable")[:MAX_CLASSES].tolist())


def shorten_name(name: str) -> str:
    """Return the name of a class on one line, not too long, without control characters."""
    name = " ".join(replace_control_characters(name).split())
    return name[: MAX_NAME_CHARACTERS - 1] + "…" if len(name) > MAX_NAME_CHARACTERS else name


def format_name(name: str) -> str:
    """Return the short name of a class as matplotlib draws it: no formula, and in its place if it is in Arabic."""
    name = shorten_name(name)
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in name):
        name = f"\u200e{name}\u200e"  # left-to-right marks: a number after the name stays after it
    return name.replace("$", r"\$")


def picture_learning_curves(history: Sequence[Mapping[str, float]]) -> list[Picture]:
    """Return loss and accuracy by epoch, if the history has them.

    Args:
        history: For each epoch ``epoch``, the metrics of the training data, and with ``val_`` those of the validation
            data. Empty: no pictures.
    """
    pictures = []
    for name in ("loss", "accuracy") if history else ():
        keys = {name: "training", f"val_{name}": "validation"}
        curves = {label: [row[key] for row in history] for key, label in keys.items() if key in history[0]}
        if curves:
            ends = "; ".join(f"{label} {values[0]:.3f} to {values[-1]:.3f}" for label, values in curves.items())
            draw = partial(_draw_learning_curve, [row["epoch"] for row in history], curves, name)
            pictures.append(Picture(f"{name}_by_epoch", f"{name.capitalize()} by epoch: {ends}.", draw))
    return pictures


def _draw_learning_curve(epochs: Sequence[float], curves: Mapping[str, Sequence[float]], name: str) -> Figure:
    figure, axes = create_figure(5, 3, measure=True)
    for (label, values), color, style in zip(curves.items(), (BLUE, ORANGE), ("o-", "s--"), strict=False):
        axes.plot(epochs, values, style, color=color, markersize=4, label=label)
    axes.set(xlabel="epoch", ylabel=f"{name} (nats)" if name == "loss" else name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    return figure


def picture_reliability(bins: Mapping[str, Sequence[float]]) -> Picture:
    """Return a reliability diagram.

    Args:
        bins: Bins as ``tasks.calibration.bin_by_confidence`` returns them.
    """
    description = "; ".join(
        f"{right:.0%} of {count} predictions with a confidence of {confidence:.0%} are right"
        for confidence, right, count in zip(bins["confidence"], bins["accuracy"], bins["rows"], strict=True)
    )
    return Picture("reliability", f"Reliability diagram: {description}.", partial(_draw_reliability, bins))


def _draw_reliability(bins: Mapping[str, Sequence[float]]) -> Figure:
    figure, axes = create_figure(5, 3)
    rows = np.asarray(bins["rows"])
    shades = 0.25 + 0.75 * rows / rows.max()
    for confidence, accuracy, shade in zip(bins["confidence"], bins["accuracy"], shades, strict=True):
        axes.bar(confidence, accuracy, width=0.05, color=BLUE, alpha=shade)
    axes.plot([0, 1], [0, 1], "--", color=INK, linewidth=1)
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.03), ylim=(0, 1.03))
    return figure


def plot_trials(
    scores: Sequence[float], settings: Mapping[str, Sequence[Any]], objective: str, path: Path, *, highest: bool
) -> None:
    """Draw the trials of a search as a PNG: the objective by trial, and by the values of each setting.

    Args:
        scores: The objective of each trial; NaN where it failed.
        settings: Name of a setting to its value in each trial.
        objective: Name of the objective.
        path: The file to write.
        highest: Whether higher is better.
    """
    from matplotlib.figure import Figure

    values, order = np.asarray(scores, np.float64), np.arange(1, len(scores) + 1)
    count = 1 + len(settings)
    across = min(3, count)
    figure = Figure(figsize=(4 * across, 3 * -(-count // across)), dpi=DPI, layout="constrained")
    places = figure.subplots(-(-count // across), across, squeeze=False).ravel()
    for axes in places:
        style_axes(axes)
        axes.set_ylabel(objective)
    best = (np.fmax if highest else np.fmin).accumulate(values)
    places[0].plot(order, best, color=ORANGE, drawstyle="steps-post", label="best so far")
    places[0].plot(order, values, "o", color=BLUE, markersize=4)
    places[0].set_xlabel("trial")
    places[0].xaxis.get_major_locator().set_params(integer=True)
    places[0].legend(frameon=False)
    for axes, (name, setting_values) in zip(places[1:], settings.items(), strict=False):
        _plot_setting(axes, setting_values, values)
        axes.set_xlabel(name)
    for axes in places[count:]:
        axes.remove()
    figure.savefig(path, format="png")


def _plot_setting(axes: Any, setting_values: Sequence[Any], values: np.ndarray) -> None:
    """Draw the objective by the value of a setting: numbers on a numeric axis, other values in categories."""
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in setting_values):
        places = np.asarray(setting_values, np.float64)
        if places.min() > 0 and places.max() >= 20 * places.min():
            axes.set_xscale("log")
    else:
        names = sorted({str(value) for value in setting_values})
        places = np.array([names.index(str(value)) for value in setting_values])
        axes.set_xticks(range(len(names)), names, rotation=30 if max(map(len, names)) > 8 else 0)
        axes.margins(x=0.2)
    axes.plot(places, values, "o", color=BLUE, markersize=4, alpha=0.6)
