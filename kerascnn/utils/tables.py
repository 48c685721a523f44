"""Tables of text: aligned columns for a terminal, Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tabulate


def text_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with aligned columns: the first column to the left, the others to the right.

    Args:
        headers: Title of each column.
        rows: Cells of each row, formatted.
    """
    alignment = ("left", *("right" for _ in headers[1:]))
    return tabulate.tabulate(list(rows), headers, tablefmt="plain", colalign=alignment, disable_numparse=True)


def markdown_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table without padding, so that one long cell does not widen every row of a page.

    Args:
        headers: Title of each column.
        rows: Cells of each row, formatted; ``|`` is escaped.
    """
    cells = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)
