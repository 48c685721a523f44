"""Distill a teacher of any size and kind into a small text classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kerascnn.config import ModelConfigT
from pipelines import config_arguments
from pipelines.command import run
from pipelines.config_arguments import base_config, parse_over, run_workflow
from pipelines.config_files import ConfigName, find_config

DESCRIPTION = """Train a text classifier on the class probabilities of a teacher for labelled and unlabelled texts.

--teacher is the name of a model, which is trained first on the same rows and kept beside the classifier; or a bundle, a
file of probabilities, or a Python function. The classifier, --model, learns the probabilities of all classes, and the
labels where there are any (Hinton, Vinyals & Dean 2015). Both are compared on the same test rows."""


@dataclass(frozen=True, kw_only=True)
class Arguments(config_arguments.Arguments[ModelConfigT]):
    """Options of train, and of the teacher."""

    teacher_config: ConfigName = ""
    """YAML file with the settings of a --teacher that is the name of a model, such as config.yaml of a bundle: its
    groups text, network, training and transfer. Data, source, seed and splits are those of the student. The teacher
    never learns the validation rows: training.refit_rows is 0."""


def parse_arguments(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.distill") -> Arguments[Any]:
    """Parse the command line."""
    args: Arguments[Any] = parse_over(*base_config(argv), Arguments, prog, DESCRIPTION, argv)
    return args


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.distill") -> None:
    """Run the command."""
    args = parse_arguments(argv, prog)
    from kerascnn.experiment import run_distillation

    run_workflow(args, run_distillation, teacher_config=find_config(args.teacher_config, option="--teacher-config"))


if __name__ == "__main__":
    run(main)
