"""Pictures of the figures."""

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

# Families that draw Chinese, Japanese and Korean, as the common systems name them.
CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Arial Unicode MS", "Microsoft YaHei", "SimHei",
)  # fmt: skip


def plot_confusion_matrix(matrix: Sequence[Sequence[int]], names: Sequence[str], path: str | Path) -> None:
    """Draw a confusion matrix as a PNG: a row a true class, a column a predicted one, shaded by the part of the row.

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
        axes.set(xlabel="predicted", ylabel="true")
        for (row, column), count in np.ndenumerate(counts):
            if count:
                shade = "white" if parts[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=shade, fontsize=8)
        figure.savefig(path, format="png")


INK, BLUE, ORANGE = "#1a1c20", "#1f5fbf", "#b85c00"


def plot_learning_curves(history: Sequence[Mapping[str, float]]) -> list[tuple[str, str]]:
    """A picture of the loss and one of the accuracy over the epochs, as far as the history has them: caption, SVG.

    Args:
        history: An epoch a row: ``epoch``, and each figure of the training data, with ``val_`` that of the validation
            data.
    """
    epochs = [row["epoch"] for row in history]
    pictures = []
    for name, unit in (("loss", " (nats)"), ("accuracy", "")):
        curves = [
            (key, label) for key, label in ((name, "training"), (f"val_{name}", "validation")) if key in history[0]
        ]
        if not curves:
            continue
        figure, axes = _figure(5, 3)
        for (key, label), color, style in zip(curves, (BLUE, ORANGE), ("o-", "s--"), strict=False):
            axes.plot(epochs, [row[key] for row in history], style, color=color, markersize=4, label=label)
        axes.set(xlabel="epoch", ylabel=name + unit)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
        ends = "; ".join(f"{label} {history[0][key]:.3f} to {history[-1][key]:.3f}" for key, label in curves)
        caption = f"{name.capitalize()} by epoch: {ends}."
        pictures.append((caption, _svg(figure, caption)))
    return pictures


def plot_reliability(bins: Mapping[str, Sequence[float]]) -> str:
    """A reliability diagram as SVG.

    Args:
        bins: See ``metrics.reliability``.
    """
    figure, axes = _figure(5, 3)
    rows = np.asarray(bins["rows"])
    shades = 0.25 + 0.75 * rows / rows.max()
    for confidence, accuracy, shade in zip(bins["confidence"], bins["accuracy"], shades, strict=True):
        axes.bar(confidence, accuracy, width=0.05, color=BLUE, alpha=shade)
    axes.plot([0, 1], [0, 1], "--", color=INK, linewidth=1)
    axes.set(xlabel="confidence", ylabel="part that is right", xlim=(0, 1.03), ylim=(0, 1.03))
    parts = zip(bins["confidence"], bins["accuracy"], rows.tolist(), strict=True)
    said = "; ".join(
        f"of {count} answers that are {sure:.0%} sure {right:.0%} are right" for sure, right, count in parts
    )
    return _svg(figure, f"Reliability diagram: {said}.")


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    """A figure without a window, in inches, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    _plain(axes)
    return figure, axes


def _plain(axes: Any) -> None:
    """Lines across, and no box around."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e3e6eb")
    axes.set_axisbelow(True)


def _svg(figure: Figure, description: str) -> str:
    """A figure as an SVG element whose text stays text, as wide as what it stands in."""
    import matplotlib

    file = io.StringIO()
    # ids of parts are made from the salt: those of two pictures on a page must differ
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": description, "font.family": "sans-serif"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    picture = file.getvalue()
    picture = re.sub(r' (width|height)="[^"]*"', "", picture[picture.index("<svg") :].replace("\n", " "), count=2)
    picture = re.sub(r'<g id="[^"]*"', "<g", picture)  # nothing refers to groups, and each picture has the same
    return picture.replace("<svg", f'<svg role="img" aria-label="{html.escape(description)}"', 1)


def plot_trials(
    scores: Sequence[float], settings: Mapping[str, Sequence[Any]], objective: str, path: Path, *, highest: bool
) -> None:
    """Draw the trials of a search as a PNG: the objective in the order of the trials, and against each setting.

    Args:
        scores: The objective of each trial; NaN where it failed.
        settings: Name of a setting to its value in each trial.
        objective: Its name.
        path: The file to write.
        highest: Whether the highest is best.
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
        _plain(axes)
        axes.set_ylabel(objective)
    best = (np.fmax if highest else np.fmin).accumulate(values)
    places[0].plot(order, best, color=ORANGE, drawstyle="steps-post", label="best so far")
    places[0].plot(order, values, "o", color=BLUE, markersize=4)
    places[0].set_xlabel("trial")
    places[0].xaxis.get_major_locator().set_params(integer=True)
    places[0].legend(frameon=False)
    for axes, (name, given) in zip(places[1:], settings.items(), strict=False):
        _against(axes, given, values)
        axes.set_xlabel(name)
    for axes in places[count:]:
        axes.remove()
    figure.savefig(path, format="png")


def _against(axes: Any, given: Sequence[Any], values: np.ndarray) -> None:
    """Dots over the values of a setting: numbers on an axis of their own, all else side by side."""
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in given):
        places = np.asarray(given, np.float64)
        if places.min() > 0 and places.max() >= 20 * places.min():
            axes.set_xscale("log")
    else:
        names = sorted({str(value) for value in given})
        places = np.array([names.index(str(value)) for value in given])
        axes.set_xticks(range(len(names)), names, rotation=30 if max(map(len, names)) > 8 else 0)
        axes.margins(x=0.2)
    axes.plot(places, values, "o", color=BLUE, markersize=4, alpha=0.6)
