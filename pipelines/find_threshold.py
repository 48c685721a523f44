"""Find the lowest probability at which the predictions of a bundle are precise enough to use without review."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.settings import DataSources, Fraction, Settings
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import text_table
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.bundle_data import name_bundle, parse_for_bundle, read_labelled_rows
from pipelines.command import choose_log, read_task_and_labels, run

SHOWN_THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Thresholds in the printed table."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Settings):
    """The bundle, the data and the precision."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle."""
    data: DataSources
    """Labelled data that was not used for training."""
    precision: Fraction = 0.95
    """Fraction of the predictions that must be correct, 0 to 1."""
    lower_bound: bool = False
    """Require this precision of the lower end of the 95 % confidence interval, not of the measured value."""
    json: bool = False
    """Print the threshold and the whole curve as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages about the data."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.find_threshold") -> None:
    """Run the command."""
    args = parse_for_bundle(Arguments, prog, __doc__, argv)
    task, _ = read_task_and_labels(args.bundle)
    task.require("operating_points", args.bundle)
    rows = read_labelled_rows(args.data, args.source, args.bundle, choose_log(quiet=args.quiet))
    start_tensorflow()
    from kerascnn.evaluation.operating_points import compute_operating_points, find_operating_point
    from kerascnn.loading import load

    classifier = load(args.bundle)
    targets = classifier.bundle_.encode_names(task.labels_of_rows(rows))
    points = compute_operating_points(targets, classifier.predict_proba([row.text for row in rows]))
    found = find_operating_point(points, args.precision, use_lower_bound=args.lower_bound)
    if args.json:
        answer = found and dataclasses.asdict(found)
        print(json.dumps({"found": answer, "curve": [dataclasses.asdict(point) for point in points]}))
        return
    print(format_curve(points))
    if found is None:
        best = max(points, key=lambda point: point.precision_lower_bound if args.lower_bound else point.precision)
        raise InputError(
            f"no threshold reaches a precision of {args.precision:.1%}; the best is {best.precision:.1%} (at least"
            f" {best.precision_lower_bound:.1%} with 95 % confidence) for {best.coverage:.1%} of the documents, at"
            f" {best.threshold:.4f}"
        )
    print(
        f"\n{found.precision:.1%} of the predictions are correct (at least {found.precision_lower_bound:.1%} with 95 %"
        f" confidence) where the probability is {found.threshold:.4f} or more: {found.coverage:.1%} of the documents.\n"
        f"next: python -m pipelines.predict {name_bundle(args.bundle)} --abstain-below {found.threshold:.4f}"
    )


def format_curve(points: Sequence[Any]) -> str:
    """Return a table of coverage and precision at some thresholds."""
    rows = [
        (f"{threshold:.2f}", f"{point.coverage:.1%}", f"{point.precision:.1%}", f"{point.precision_lower_bound:.1%}")
        for threshold in SHOWN_THRESHOLDS
        if (point := next((point for point in points if point.threshold >= threshold), None))
    ]
    return text_table(("threshold", "documents", "precision", "at least (95 %)"), rows, align="rrrr")


if __name__ == "__main__":
    run(main)
