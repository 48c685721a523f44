"""Pictures of the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

# Families that draw Chinese, Japanese and Korean, as the common systems name them.
CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Arial Unicode MS", "Microsoft YaHei", "SimHei",
)  # fmt: skip


def confusion_matrix(matrix: Sequence[Sequence[int]], names: Sequence[str], path: str | Path) -> None:
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
