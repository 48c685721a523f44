"""Pictures as PNG, SVG and PDF files, and as SVG elements of a page. The functions that draw import matplotlib."""

from __future__ import annotations

import contextlib
import html
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kerascnn.evaluation.fonts import use_fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PictureFormat = Literal["png", "svg", "pdf"]
INK = "#1a1c20"
GRID = "#e3e6eb"
BLUE = "#1f5fbf"
ORANGE = "#d66e14"
PALETTE = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee7733", "#888888")
"""Colors of curves, which people with color blindness tell apart, on white and on black (Tol, Colour Schemes)."""
PAGE_COLORS = {INK: "var(--ink)", GRID: "var(--line)", BLUE: "rgb(var(--blue))", ORANGE: "rgb(var(--orange))"}
"""Colors that differ between a light and a dark page."""
MARGINS = (0.75, 0.16, 0.48, 0.12)
"""Inches beside, below and above the axes of a figure: left, right, bottom, top."""
DPI = 120
"""Pixels of an inch in PNG files."""


@dataclass(frozen=True)
class Picture:
    """A picture that is drawn when it is saved.

    Attributes:
        name: Name of its files, without suffix.
        caption: What it shows, in sentences.
        draw: Function that draws it.
        texts: Labels in the picture, which need fonts.
    """

    name: str
    caption: str
    draw: Callable[[], Figure]
    texts: Sequence[str] = ()

    def save(self, path: str | Path, kind: PictureFormat | None = None) -> None:
        """Write the picture to a file, in the format of its suffix unless one is given."""
        metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        kind = kind or picture_format(path)
        with self._style():
            self.draw().savefig(path, format=kind, dpi=DPI, metadata=metadata.get(kind))

    def to_svg(self) -> str:
        """Return the picture as an SVG element with text as text, as wide as its parent, in the colors of the page."""
        file, metadata = io.StringIO(), dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with self._style({"svg.fonttype": "none", "font.family": "sans-serif"}):
            self.draw().savefig(file, format="svg", transparent=True, metadata=metadata)
        svg = file.getvalue()
        svg = re.sub(r' (width|height)="[^"]*"', "", svg[svg.index("<svg") :].replace("\n", " "), count=2)
        svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # nothing refers to groups, and their ids repeat in each picture
        svg = re.sub("|".join(PAGE_COLORS), lambda found: PAGE_COLORS[found[0]], svg)
        return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(self.caption)}"', 1)

    @contextlib.contextmanager
    def _style(self, settings: dict[str, Any] | None = None) -> Iterator[None]:
        """Draw in the block with the fonts and colors of the picture."""
        import matplotlib

        colors = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), INK)
        # matplotlib derives ids from the salt, and the ids of two pictures on a page must differ
        fixed: Any = {"svg.hashsalt": self.name + self.caption, "pdf.fonttype": 42, **colors}
        with use_fonts(self.texts), matplotlib.rc_context(fixed | (settings or {})):
            yield


def picture_format(path: str | Path) -> PictureFormat:
    """Return the format of a file by its suffix; PNG if it has another one."""
    suffix = Path(path).suffix.lower()
    return "svg" if suffix == ".svg" else "pdf" if suffix == ".pdf" else "png"


def create_figure(width: float, height: float, *, measure: bool = False) -> tuple[Figure, Any]:
    """Return a figure of a size in inches, without a window, and its axes.

    Args:
        width: Width of the figure.
        height: Its height.
        measure: Whether to measure the room that numbers and titles of the axes need, which takes as long as drawing;
            without it, there is room for numbers of five characters.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained" if measure else None)
    left, right, bottom, top = MARGINS
    place = {"left": left / width, "right": 1 - right / width, "bottom": bottom / height, "top": 1 - top / height}
    axes = figure.subplots(gridspec_kw={} if measure else place)
    style_axes(axes)
    return figure, axes


def style_axes(axes: Any) -> None:
    """Draw horizontal grid lines and no box."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
