"""Measure accuracy and speed, store the results as CSV, and print them as Markdown tables; estimate what more labels
would bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from kerascnn.settings import FileName
from kerascnn.utils.atomic_files import check_output_file
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_output
from pipelines.benchmark import accuracy, accuracy_tables, inference, learning_curve, results, serving, speed, tagging
from pipelines.command import parse

BENCHMARKS = {"accuracy": accuracy, "speed": speed, "inference": inference, "serving": serving, "tagging": tagging}
TABLES = {
    "accuracy": accuracy_tables.table,
    "speed": speed.table,
    "inference": inference.table,
    "serving": serving.table,
    "tagging": tagging.table,
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Print a results file as a Markdown table, or insert the table into a page."""

    results: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """CSV file that one of the benchmarks wrote."""
    by_model: bool = False
    """For accuracy: one row per data set and one column per model."""
    by_rows: bool = False
    """For accuracy: one row per data set and model, and one column per number of training rows."""
    rows: tuple[int, ...] = ()
    """For accuracy: only results with these numbers of drawn training rows; 0: those with all rows of a data set."""
    defaults_of: Annotated[tuple[str, ...], tyro.conf.arg(metavar="MODEL [MODEL ...]")] = ()
    """For accuracy: only these models, in this order, trained with the default settings."""
    readme: FileName = ""
    """Insert the table into this file instead of printing it, between <!-- accuracy --> (the name of the benchmark;
    <!-- models --> with --by-model, <!-- rows --> with --by-rows) and <!-- end -->."""


COMMAND: Any = (
    Annotated[accuracy.Accuracy, tyro.conf.subcommand("accuracy")]
    | Annotated[speed.Speed, tyro.conf.subcommand("speed")]
    | Annotated[inference.Inference, tyro.conf.subcommand("inference")]
    | Annotated[serving.Serving, tyro.conf.subcommand("serving")]
    | Annotated[learning_curve.LearningCurve, tyro.conf.subcommand("learning-curve")]
    | Annotated[Table, tyro.conf.subcommand("table")]
)
"""The subcommands: a union of dataclasses."""


def make_table(args: Table) -> None:
    """Print or insert the table of the benchmark that wrote a results file.

    Raises:
        InputError: The results file or the page cannot be used.
    """
    rows = results.read_results(Path(args.results))
    name = results.identify_benchmark(args.results, rows, {name: kind.COLUMNS for name, kind in BENCHMARKS.items()})
    if (args.by_model or args.by_rows or args.rows or args.defaults_of) and name != "accuracy":
        raise InputError(
            f"{args.results}: --by-model, --by-rows, --rows and --defaults-of are for accuracy results, not for {name}"
        )
    if args.by_model and args.by_rows:
        raise InputError("--by-model and --by-rows are two tables; leave one of them out")
    rows = _select(rows, args)
    if args.by_model:
        results.publish(accuracy_tables.comparison(rows, args.defaults_of), args.readme, "models")
    elif args.by_rows:
        results.publish(accuracy_tables.by_rows(rows), args.readme, "rows")
    else:
        results.publish(TABLES[name](rows), args.readme, name)


def _select(rows: list[dict[str, str]], args: Table) -> list[dict[str, str]]:
    """Return the results that the options name.

    Raises:
        InputError: There are none.
    """
    models, numbers = args.defaults_of, args.rows
    selected = [
        row
        for row in rows
        if (not numbers or int(row["rows"] or 0) in numbers)
        and (not models or (row["model"] in models and not row["settings"]))
    ]
    if not selected:
        which = f" of {', '.join(models)} with default settings" * bool(models)
        which += f" with {' or '.join(map(str, numbers))} rows" * bool(numbers)
        raise InputError(f"{args.results}: no results{which}")
    return selected


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.benchmark") -> None:
    """Run the command."""
    benchmarks: dict[type, Callable[[Any], None]] = {
        accuracy.Accuracy: accuracy.run,
        speed.Speed: speed.run,
        inference.Inference: inference.run,
        serving.Serving: serving.run,
        learning_curve.LearningCurve: learning_curve.run,
    }
    args = parse(COMMAND, prog, __doc__, argv)
    if isinstance(args, Table):
        make_table(args)
        return
    check_output_file(Path(args.output))
    with lock_output(Path(args.output)):  # each result writes the whole file again
        benchmarks[type(args)](args)
