"""Pretrain an encoder on unlabelled text by masked token prediction; train starts from it with --init-from."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic

import tyro

from kerascnn.config import Config, ModelConfigT
from kerascnn.pretraining.config import MaskingConfig
from pipelines.command import choose_log, resume_hint, run
from pipelines.config_arguments import RESUME_HINT, base_config, parse_over
from pipelines.config_files import ConfigName

DEFAULTS: dict[str, Any] = {"epochs": 10, "monitor": "loss"}
"""Training settings whose defaults differ from those of train."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """Options in addition to the settings of the run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    masking: MaskingConfig = field(default_factory=MaskingConfig)
    config: ConfigName = ""
    """YAML file of settings, bundle, or name of a file of the package; options on the command line override it."""
    resume: bool = False
    """Continue an interrupted run with the same settings, data and output."""
    overwrite: bool = False
    """Replace the bundle at --output."""
    json: bool = False
    """Print the metrics as JSON to standard output."""
    quiet: bool = False
    """Print errors only, no progress and no messages."""


def parse_arguments(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.pretrain") -> Arguments[Any]:
    """Parse the command line."""
    base, config_file = base_config(argv)
    if not config_file:
        base = dataclasses.replace(base, training=dataclasses.replace(base.training, **DEFAULTS))
    args: Arguments[Any] = parse_over(base, config_file, Arguments, prog, __doc__, argv)
    return args


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.pretrain") -> None:
    """Run the command."""
    args = parse_arguments(argv, prog)
    from kerascnn.experiment import run_pretraining

    log = choose_log(quiet=args.quiet)
    with resume_hint(RESUME_HINT):
        result = run_pretraining(
            args.run,
            args.masking,
            resume=args.resume,
            overwrite=args.overwrite,
            verbose=not args.quiet,
            log=log,
        )
    log(result.summary)
    if args.json:
        print(json.dumps(result.metrics, ensure_ascii=False))


if __name__ == "__main__":
    run(main)
