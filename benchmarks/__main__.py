"""``python -m benchmarks COMMAND``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from benchmarks import accelerator, growth, install_size, plan, scale
from pipelines.benchmark import results
from pipelines.command import parse, run

BENCHMARKS = {"accelerator": accelerator, "growth": growth, "scale": scale}
DESCRIPTION = """Measure how training and scoring scale and use a device, store the results as CSV, and print
them as Markdown tables; and measure the size of an installation."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Print a results file as a Markdown table, or insert the table into a page."""

    results: Annotated[str, tyro.conf.Positional]
    """CSV file that accelerator, growth or scale wrote."""
    readme: str = ""
    """Insert the table into this file instead of printing it, between <!-- growth --> (the name of the benchmark) and
    <!-- end -->."""


def make_table(args: Table) -> None:
    """Print or insert the table of the benchmark that wrote a results file.

    Raises:
        InputError: The results file or the page cannot be used.
    """
    rows = results.read_results(Path(args.results))
    name = results.identify_benchmark(args.results, rows, {name: kind.COLUMNS for name, kind in BENCHMARKS.items()})
    results.publish(BENCHMARKS[name].table(rows), args.readme, name)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    verbs: dict[type, Callable[[Any], None]] = {
        scale.Scale: scale.run,
        plan.Plan: plan.run,
        growth.Growth: growth.run,
        accelerator.Accelerator: accelerator.run,
        install_size.Size: install_size.run,
        Table: make_table,
    }
    kind: Any = (
        Annotated[scale.Scale, tyro.conf.subcommand("scale")]
        | Annotated[plan.Plan, tyro.conf.subcommand("plan")]
        | Annotated[growth.Growth, tyro.conf.subcommand("growth")]
        | Annotated[accelerator.Accelerator, tyro.conf.subcommand("accelerator")]
        | Annotated[install_size.Size, tyro.conf.subcommand("size")]
        | Annotated[Table, tyro.conf.subcommand("table")]
    )
    args = parse(kind, "python -m benchmarks", DESCRIPTION, argv)
    verbs[type(args)](args)


if __name__ == "__main__":
    run(main)
