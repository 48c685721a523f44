"""Evaluate a bundle on labelled data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from kerascnn.config import SourceConfig
from kerascnn.utils.errors import InputError
from pipelines.command import load_labelled_texts, parse, run, start_tensorflow


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What to evaluate, and on what."""

    bundle: Annotated[str, tyro.conf.Positional]
    """Folder that training wrote."""
    data: tuple[str, ...]
    """Labelled data, as for training."""
    plot: str = ""
    """Also draw the confusion matrix into this PNG file."""
    json: bool = False
    """Print the figures as JSON."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse(Arguments, "python -m pipelines.evaluate", __doc__, argv)
    start_tensorflow()
    from kerascnn import load
    from kerascnn.evaluation import metrics, plots

    classifier = load(args.bundle)
    if args.plot and classifier.bundle_.task.name == "multi_label":
        raise InputError("--plot: multi-label answers have no confusion matrix; leave it out")
    figures = classifier.evaluate(*load_labelled_texts(args.data, args.source, classifier.bundle_))
    if args.plot:
        plots.confusion_matrix(figures["confusion_matrix"], classifier.bundle_.labels, Path(args.plot))
    print(json.dumps(figures, ensure_ascii=False) if args.json else metrics.table(figures))


if __name__ == "__main__":
    run(main)
