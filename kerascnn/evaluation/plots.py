"""Plots of metrics, as PNG files and SVG elements. matplotlib is imported by the functions that draw."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Fonts with Chinese, Japanese and Korean characters on common systems.
CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Arial Unicode MS", "Microsoft YaHei", "SimHei",
)  # fmt: skip


MAX_CLASSES = 40
"""Most classes of a picture: memory and time grow with their square, and no one reads a larger one."""
MAX_NAME_CHARACTERS = 24
"""Longest name of a class in a picture."""


def plot_confusion_matrix(matrix: Sequence[Sequence[int]], names: Sequence[str], path: str | Path) -> None:
    """Draw a confusion matrix as a PNG: true classes in rows, predicted ones in columns, shaded by fraction of the row.

    Of more than ``MAX_CLASSES`` classes, those that are confused most often are shown.

    Args:
        matrix: Counts, (classes, classes).
        names: Name of each class.
        path: The file to write.
    """
    import matplotlib
    from matplotlib import font_manager
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = np.asarray(matrix)
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shown = _most_confused(counts)
    title = f"the {len(shown)} of {len(names)} classes that are confused most often" if len(shown) < len(names) else ""
    counts, parts = counts[np.ix_(shown, shown)], parts[np.ix_(shown, shown)]
    names = [_shorten(names[i]) for i in shown]
    installed = {font.name for font in font_manager.fontManager.ttflist}
    fonts = ["DejaVu Sans", *(family for family in CJK_FONTS if family in installed)]
    with matplotlib.rc_context({"font.family": fonts, "axes.unicode_minus": False}):
        side = 2.5 + 0.55 * len(names)
        figure = Figure(figsize=(side, side), dpi=120, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.imshow(parts, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel="predicted", ylabel="true", title=title)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                shade = "white" if parts[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=8)
        figure.savefig(path, format="png")


def _most_confused(counts: np.ndarray) -> list[int]:
    """Return the positions of at most ``MAX_CLASSES`` classes with the most errors, in their order."""
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * np.diag(counts)
    return sorted(np.argsort(-errors, kind="stable")[:MAX_CLASSES].tolist())


def _shorten(name: str) -> str:
    """Return the name of a class on one line, not too long, without signs that matplotlib reads as formulas."""
    name = " ".join(name.encode("utf-8", "replace").decode().split())
    if len(name) > MAX_NAME_CHARACTERS:
        name = name[: MAX_NAME_CHARACTERS - 1] + "…"
    return name.replace("$", r"\$")


INK, BLUE, ORANGE = "#1a1c20", "#1f5fbf", "#b85c00"


def plot_learning_curves(history: Sequence[Mapping[str, float]]) -> list[tuple[str, str]]:
    """Draw loss and accuracy by epoch, if the history has them.

    Args:
        history: For each epoch ``epoch``, the metrics of the training data, and with ``val_`` those of the validation
            data. Empty: no plots.

    Returns:
        Caption and SVG of each plot.
    """
    if not history:
        return []
    epochs = [row["epoch"] for row in history]
    plots = []
    for name, unit in (("loss", " (nats)"), ("accuracy", "")):
        curves = [
            (key, label) for key, label in ((name, "training"), (f"val_{name}", "validation")) if key in history[0]
        ]
        if not curves:
            continue
        figure, axes = _create_figure(5, 3)
        for (key, label), color, style in zip(curves, (BLUE, ORANGE), ("o-", "s--"), strict=False):
            axes.plot(epochs, [row[key] for row in history], style, color=color, markersize=4, label=label)
        axes.set(xlabel="epoch", ylabel=name + unit)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
        ends = "; ".join(f"{label} {history[0][key]:.3f} to {history[-1][key]:.3f}" for key, label in curves)
        caption = f"{name.capitalize()} by epoch: {ends}."
        plots.append((caption, _render_svg(figure, caption)))
    return plots


def plot_reliability(bins: Mapping[str, Sequence[float]]) -> str:
    """Draw a reliability diagram.

    Args:
        bins: Bins as ``tasks.calibration.bin_by_confidence`` returns them.

    Returns:
        An SVG element.
    """
    figure, axes = _create_figure(5, 3)
    rows = np.asarray(bins["rows"])
    shades = 0.25 + 0.75 * rows / rows.max()
    for confidence, accuracy, shade in zip(bins["confidence"], bins["accuracy"], shades, strict=True):
        axes.bar(confidence, accuracy, width=0.05, color=BLUE, alpha=shade)
    axes.plot([0, 1], [0, 1], "--", color=INK, linewidth=1)
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.03), ylim=(0, 1.03))
    parts = zip(bins["confidence"], bins["accuracy"], rows.tolist(), strict=True)
    description = "; ".join(
        f"{right:.0%} of {count} predictions with a confidence of {confidence:.0%} are right"
        for confidence, right, count in parts
    )
    return _render_svg(figure, f"Reliability diagram: {description}.")


def _create_figure(width: float, height: float) -> tuple[Figure, Any]:
    """Return a figure of a size in inches, without a window, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    _style_axes(axes)
    return figure, axes


def _style_axes(axes: Any) -> None:
    """Draw horizontal grid lines and no box."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e6eb")
    axes.set_axisbelow(True)


def _render_svg(figure: Figure, description: str) -> str:
    """Return a figure as an SVG element with text as text, as wide as its parent element."""
    import matplotlib

    file = io.StringIO()
    # matplotlib derives ids from the salt, and the ids of two plots on a page must differ
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": description, "font.family": "sans-serif"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    picture = file.getvalue()
    picture = re.sub(r' (width|height)="[^"]*"', "", picture[picture.index("<svg") :].replace("\n", " "), count=2)
    picture = re.sub(r'<g id="[^"]*"', "<g", picture)  # nothing refers to groups, and their ids repeat in each plot
    return picture.replace("<svg", f'<svg role="img" aria-label="{html.escape(description)}"', 1)


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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    values, order = np.asarray(scores, np.float64), np.arange(1, len(scores) + 1)
    count = 1 + len(settings)
    across = min(3, count)
    figure = Figure(figsize=(4 * across, 3 * -(-count // across)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    places = figure.subplots(-(-count // across), across, squeeze=False).ravel()
    for axes in places:
        _style_axes(axes)
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
