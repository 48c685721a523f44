"""Results of benchmarks: a CSV file with one row per measurement, and the Markdown table of such a file."""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.errors import InputError


def read_results(path: Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read the rows of a results file.

    Args:
        path: CSV file.
        columns: The columns that it must have; none: any.

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


class ResultsFile:
    """A results file that rows are added to. The whole file is written again after each row.

    Args:
        path: CSV file; existing rows are kept.
        columns: Its columns.

    Raises:
        InputError: The file exists and has other columns.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, columns
        self.rows: list[dict[str, Any]] = list(read_results(path, columns)) if path.exists() else []

    def add(self, row: dict[str, Any]) -> None:
        """Add a row; floats are rounded to five significant digits."""
        self.rows.append({name: float(f"{x:.5g}") if isinstance(x, float) else x for name, x in row.items()})
        with atomic_write(self.path) as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)


def identify_benchmark(path: str, rows: Sequence[Mapping[str, str]], columns_of: Mapping[str, Sequence[str]]) -> str:
    """Return the name of the benchmark that wrote a results file, found by its columns.

    Args:
        path: The file, for the message.
        rows: Its rows.
        columns_of: Columns of each benchmark.

    Raises:
        InputError: No benchmark has these columns, or there are no rows.
    """
    columns = tuple(rows[0]) if rows else ()
    for name, expected in columns_of.items():
        if columns == tuple(expected):
            return name
    raise InputError(f"{path}: no benchmark results; expected the columns of {' or '.join(columns_of)}")


def group_by_contestant(rows: Iterable[dict[str, str]]) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Group rows by data set, then by contestant, in the order of the file."""
    groups: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["data"]][row["contestant"]].append(row)
    return groups


def median(rows: Iterable[Mapping[str, str]], column: str) -> float:
    """Return the median of a column."""
    return statistics.median(float(row[column]) for row in rows)


def format_percent(values: Sequence[float]) -> str:
    """Format fractions as mean ± standard deviation in percent; a single value without deviation."""
    mean = f"{100 * statistics.mean(values):.2f}"
    return f"{mean} ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else mean


def publish(markdown: str, readme: str, name: str) -> None:
    """Print a table, or insert it into a page.

    Args:
        markdown: The table.
        readme: Markdown file with the lines ``<!-- name -->`` and, below it, ``<!-- end -->``; what is between them is
            replaced. Empty: print the table.
        name: Name in the first of these lines.

    Raises:
        InputError: The page is missing, or lacks the two lines.
    """
    if not readme:
        print(markdown)
        return
    page = Path(readme)
    try:
        text = page.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{page}: no such file") from None
    start, end = f"<!-- {name} -->", "<!-- end -->"
    before, _, rest = text.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise InputError(f"{page}: no place for the table; add the lines {start} and {end}")
    with atomic_write(page) as file:
        file.write(f"{before}{start}\n{markdown}\n{end}{after}")
