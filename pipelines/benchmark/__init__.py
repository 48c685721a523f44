"""Measure accuracy and speed, note what came out in a CSV file, and make a table of such a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from kerascnn.utils.errors import InputError
from pipelines.benchmark import accuracy, growth, inference, plan, results, scale, speed
from pipelines.command import parse

KINDS = {"accuracy": accuracy, "speed": speed, "inference": inference, "growth": growth, "scale": scale}


@dataclass(frozen=True, kw_only=True)
class Table:
    """Print the figures of a results file as a Markdown table, or write it into a page."""

    results: Annotated[str, tyro.conf.Positional]
    """CSV file that one of the benchmarks wrote."""
    by_model: bool = False
    """Of accuracies: a line for each data set and a column for each model."""
    defaults_of: tuple[str, ...] = ()
    """Of accuracies: these models alone, in this order, trained with all settings at their defaults."""
    readme: str = ""
    """Put the table into this file instead of printing it: between <!-- accuracy --> (the name of the benchmark; with
    --by-model <!-- models -->) and <!-- end -->."""


def table(args: Table) -> None:
    """Make the table of the benchmark whose columns a file has.

    Raises:
        InputError: The file or the page cannot be used.
    """
    rows = results.read(Path(args.results))
    columns = tuple(rows[0]) if rows else ()
    name = next((name for name, kind in KINDS.items() if columns == kind.COLUMNS), None)
    if name is None:
        raise InputError(f"{args.results}: no rows of a benchmark; expected the columns of {' or '.join(KINDS)}")
    if (args.by_model or args.defaults_of) and name != "accuracy":
        raise InputError(f"{args.results}: --by-model and --defaults-of are for accuracies, and this is {name}")
    if args.defaults_of:
        rows = [row for row in rows if row["model"] in args.defaults_of and not row["settings"]]
        if not rows:
            raise InputError(f"{args.results}: no row of {', '.join(args.defaults_of)} with the defaults")
    markdown = accuracy.comparison(rows, args.defaults_of) if args.by_model else KINDS[name].table(rows)
    if args.readme:
        results.put(markdown, Path(args.readme), "models" if args.by_model else name)
    else:
        print(markdown)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    carry_out: dict[type, Callable[[Any], None]] = {
        accuracy.Accuracy: accuracy.run,
        speed.Speed: speed.run,
        inference.Inference: inference.run,
        growth.Growth: growth.run,
        scale.Scale: scale.run,
        plan.Plan: plan.run,
        Table: table,
    }
    kind: Any = (
        Annotated[accuracy.Accuracy, tyro.conf.subcommand("accuracy")]
        | Annotated[speed.Speed, tyro.conf.subcommand("speed")]
        | Annotated[inference.Inference, tyro.conf.subcommand("inference")]
        | Annotated[growth.Growth, tyro.conf.subcommand("growth")]
        | Annotated[scale.Scale, tyro.conf.subcommand("scale")]
        | Annotated[plan.Plan, tyro.conf.subcommand("plan")]
        | Annotated[Table, tyro.conf.subcommand("table")]
    )
    args = parse(kind, "benchmark", __doc__, argv)
    carry_out[type(args)](args)
