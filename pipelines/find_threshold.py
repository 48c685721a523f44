"""How much can be answered without a person? Finds the probability above which a bundle's answers are right enough."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import tyro

from kerascnn.config import SourceConfig
from kerascnn.settings import Fraction, Settings
from kerascnn.utils.errors import InputError
from pipelines.command import load_labelled_texts, parse, run, start_tensorflow

CURVE = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Thresholds that people are shown."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Settings):
    """What to answer, and how right."""

    bundle: Annotated[str, tyro.conf.Positional]
    """Folder that training wrote."""
    data: tuple[str, ...]
    """Labelled data that training did not see."""
    precision: Fraction = 0.95
    """Part of the answers given that must be right, 0 to 1."""
    surely: bool = False
    """The lower end of the 95 % confidence interval must be as high, not the measured part alone."""
    json: bool = False
    """Print the answer and the whole curve as JSON."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse(Arguments, "python -m pipelines.find_threshold", __doc__, argv)
    start_tensorflow()
    from kerascnn import load
    from kerascnn.evaluation import calibration

    classifier = load(args.bundle)
    if classifier.bundle_.task.name == "multi_label":
        raise InputError(
            f"{args.bundle}: multi-label, where each label has a threshold of its own, tuned when it was trained"
            " (thresholds in manifest.json); find_threshold is for one label a text"
        )
    texts, labels = load_labelled_texts(args.data, args.source, classifier.bundle_)
    codes = classifier.bundle_.task.encode(labels, classifier.classes_)
    points = calibration.curve(codes, classifier.predict_proba(texts))
    found = calibration.find(points, args.precision, surely=args.surely)
    if args.json:
        answer = found and dataclasses.asdict(found)
        print(json.dumps({"found": answer, "curve": [dataclasses.asdict(point) for point in points]}))
        return
    print("answers at   documents   right   surely right (95 %)")
    for threshold in CURVE:
        if point := next((point for point in points if point.threshold >= threshold), None):
            print(f"{threshold:10.2f}   {point.answered:9.1%}   {point.precision:5.1%}   {point.at_least:5.1%}")
    if found is None:
        best = max(points, key=lambda point: point.at_least if args.surely else point.precision)
        raise InputError(
            f"no threshold gives {args.precision:.1%}; the best is {best.precision:.1%} (surely {best.at_least:.1%}) of"
            f" {best.answered:.1%} of the documents, at {best.threshold:.4f}"
        )
    print(
        f"\n{found.precision:.1%} of the answers are right (surely {found.at_least:.1%}) where the probability is"
        f" {found.threshold:.4f} or more: {found.answered:.1%} of the documents.\n"
        f"python -m pipelines.predict {args.bundle} --abstain-below {found.threshold:.4f}"
    )


if __name__ == "__main__":
    run(main)
