"""Evaluate a bundle on labelled data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from kerascnn.config import SourceConfig
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import choose_log, load_labelled_texts, parse, run


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle and the data."""

    bundle: Annotated[str, tyro.conf.Positional]
    """Folder of the bundle."""
    data: tuple[str, ...]
    """Labelled data, as for training."""
    plot: str = ""
    """Also draw the confusion matrix into this PNG file."""
    json: bool = False
    """Print the metrics as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages about the data."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.evaluate") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    start_tensorflow()
    from kerascnn import load
    from kerascnn.evaluation import plots

    classifier = load(args.bundle)
    bundle = classifier.bundle_
    if args.plot:
        bundle.task.require("confusion_matrix", "--plot")
    found = classifier.evaluate(
        *load_labelled_texts(args.data, args.source, bundle, choose_log(quiet=args.quiet))
    )  # fmt: skip
    if args.plot:
        plots.plot_confusion_matrix(found["confusion_matrix"], bundle.labels, Path(args.plot))
    print(json.dumps(found, ensure_ascii=False) if args.json else bundle.task.format_metrics(found))


if __name__ == "__main__":
    run(main)
