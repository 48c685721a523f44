"""Tables of text: aligned columns for a terminal, Markdown for a page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

ALIGNMENTS = {"l": "left", "r": "right"}


def text_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, align: str = "") -> str:
    """Return a table with aligned columns, which counts full-width characters as two.

    Args:
        headers: Title of each column.
        rows: Cells of each row, formatted.
        align: One letter per column, l or r; empty: the first column to the left, the others to the right.
    """
    import tabulate  # deferred: it takes a tenth of the time in which a command answers

    alignment = [ALIGNMENTS[letter] for letter in align or "l" + "r" * (len(headers) - 1)]
    # the titles are a row like the others, so that they have the alignment and the width of their column
    return tabulate.tabulate([headers, *rows], tablefmt="plain", colalign=alignment, disable_numparse=True)


def escape_markdown(text: str) -> str:
    """Return a text on one line that Markdown shows as it is: no HTML, links, emphasis or code."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    escaped = re.sub(r"([\\`*\[\]~$])", r"\\\1", escaped)
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", escaped)


def markdown_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table without padding, so that one long cell does not widen every row of a page.

    Args:
        headers: Title of each column.
        rows: Cells of each row, formatted; ``|`` is escaped.
    """
    cells = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)
