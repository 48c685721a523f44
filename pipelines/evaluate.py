"""Evaluate a bundle on labelled data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.settings import DataSources, FileName
from kerascnn.utils.atomic_files import atomic_path, check_output_file
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import choose_log, parse, read_labelled_texts, read_task_and_labels, run


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle and the data."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle."""
    data: DataSources
    """Labelled data, as for training."""
    plot: FileName = ""
    """Also draw the confusion matrix into this PNG file."""
    json: bool = False
    """Print the metrics as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages about the data."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.evaluate") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    log = choose_log(quiet=args.quiet)
    task, labels = read_task_and_labels(args.bundle)
    if args.plot:
        task.require("confusion_matrix", "--plot")
        check_output_file(Path(args.plot))
    data = read_labelled_texts(args.data, args.source, task, labels, log)
    start_tensorflow()
    from kerascnn.evaluation import plots
    from kerascnn.loading import load

    metrics = load(args.bundle).evaluate(*data)
    if args.plot:
        with atomic_path(Path(args.plot)) as partial:
            plots.plot_confusion_matrix(metrics["confusion_matrix"], labels, partial)
        log(f"wrote {args.plot}")
    print(json.dumps(metrics, ensure_ascii=False) if args.json else task.format_metrics(metrics))


if __name__ == "__main__":
    run(main)
