"""Distill a teacher of any size and kind into a small text classifier."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.utils.errors import InputError
from pipelines.command import run
from pipelines.config_arguments import parse_training, train

DESCRIPTION = """Train a text classifier on the class probabilities of a teacher for labelled and unlabelled texts.

This is a training with --teacher and takes all its options. The classifier learns the probabilities of all classes, and
the labels where there are any (Hinton, Vinyals & Dean 2015)."""


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.distill") -> None:
    """Run the command."""
    from kerascnn.distillation.teachers import TEACHER_KINDS

    args = parse_training(argv, prog, DESCRIPTION)
    if not args.run.distillation.teacher:
        raise InputError(f"--teacher is missing; give {TEACHER_KINDS}")
    train(args)


if __name__ == "__main__":
    run(main)
