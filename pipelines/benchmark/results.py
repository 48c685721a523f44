"""Files of results: a CSV file with a row for each run, and a table of one in a README."""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.errors import InputError


def read(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a file of results.

    Args:
        path: CSV file.
        columns: Those that it must have; none: any.

    Raises:
        InputError: The file is missing, or has other columns.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    if rows and columns and tuple(rows[0]) != tuple(columns):
        raise InputError(f"{path}: expected the columns {', '.join(columns)}")
    return rows


class Results:
    """A file of results that rows are added to; it is written whole after each.

    Args:
        path: CSV file; what it holds already stays.
        columns: Its columns.

    Raises:
        InputError: The file has other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, columns
        self.rows: list[dict[str, Any]] = list(read(path, columns)) if path.exists() else []

    def add(self, row: dict[str, Any]) -> None:
        """Add a row; its figures have five digits."""
        self.rows.append({name: float(f"{x:.5g}") if isinstance(x, float) else x for name, x in row.items()})
        with atomic_write(self.path) as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)


Groups = dict[str, dict[str, list[dict[str, str]]]]


def grouped(rows: Iterable[dict[str, str]]) -> Groups:
    """The rows of each contestant on each data set, in the order of the file."""
    groups: Groups = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["data"]][row["contestant"]].append(row)
    return groups


def median(rows: Iterable[Mapping[str, str]], column: str) -> float:
    """The median of a column."""
    return statistics.median(float(row[column]) for row in rows)


def percent(values: Sequence[float]) -> str:
    """Mean and standard deviation in percent; the mean alone of a single value."""
    mean = f"{100 * statistics.mean(values):.2f}"
    return f"{mean} ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else mean


def put(markdown: str, readme: Path, name: str) -> None:
    """Replace what stands between the marks of a README.

    Args:
        markdown: A table.
        readme: A Markdown file with the lines ``<!-- name -->`` and, after it, ``<!-- end -->``.
        name: What the first mark says.

    Raises:
        InputError: The file is missing, or has no marks.
    """
    try:
        text = readme.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{readme}: no such file") from None
    start, end = f"<!-- {name} -->", "<!-- end -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise InputError(f"{readme}: no place for a table, which goes between the lines {start} and {end}")
    with atomic_write(readme) as file:
        file.write(f"{before}{start}\n{markdown}\n{end}{after}")
