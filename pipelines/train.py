"""Train a text classifier on rows of text and labels, and write a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerascnn import models
from kerascnn.utils.tables import text_table
from pipelines.command import run
from pipelines.config_arguments import Arguments, base_config, parse_over, run_workflow

DESCRIPTION = """Train a text classifier on labelled texts and write a bundle, the folder that predicts.

Without options it trains on the BBC News articles of the extra "demo". Options of a group may be written with hyphens
or as in the YAML file (--text.max_length). The options of the group network are those of the chosen --model."""


def parse_arguments(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.train") -> Arguments[Any]:
    """Parse the command line."""
    args: Arguments[Any] = parse_over(*base_config(argv), Arguments, prog, DESCRIPTION, argv)
    return args


def format_models() -> str:
    """Return a table of all architectures, with the trainable parameters for 2 classes and at most 20,000 tokens."""
    rows = []
    for name, network in models.list_options().items():
        count = f"{network.parameter_count / 1e6:.1f}M" if network.parameter_count else "by data"
        rows.append((name, count, f"{network.good_for} ({network.paper})"))
    return text_table(("model", "trainable parameters", "good for"), rows, align="lrl")


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.train") -> None:
    """Run the command."""
    args = parse_arguments(argv, prog)
    if args.list_models:
        print(format_models())
        return
    from kerascnn.experiment import run_training

    run_workflow(args, run_training)


if __name__ == "__main__":
    run(main)
