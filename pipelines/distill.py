"""Distill: train a text classifier on what a teacher says, which may be far larger and of any kind."""

from __future__ import annotations

from collections.abc import Sequence

from kerascnn.utils.errors import InputError
from pipelines.command import run
from pipelines.train import arguments, carry_out

DESCRIPTION = """Train a text classifier on what a teacher says about labelled and unlabelled texts.

It is a training with --teacher, and takes all options of one. The classifier learns the probabilities that the teacher
gives to all classes, beside the labels where there are some (Hinton, Vinyals & Dean 2015)."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    from kerascnn.distillation.teachers import TEACHER_KINDS

    args = arguments(argv, "distill", DESCRIPTION)
    if not (args.run.distillation.teacher or args.list_models):
        raise InputError(f"--teacher is missing; give {TEACHER_KINDS}")
    carry_out(args)


if __name__ == "__main__":
    run(main)
