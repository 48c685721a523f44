"""Search for the training settings that are best on the validation data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal

import tyro

from kerascnn.config import Config, ModelConfigT
from kerascnn.settings import FileName, PositiveInt
from kerascnn.utils.errors import InputError
from pipelines.command import choose_log, resume_hint, run
from pipelines.config_arguments import RESUME_HINT, base_config, parse_over
from pipelines.config_files import SPACES, ConfigName, find_config, list_configs

DESCRIPTION = """Search for the training settings that are best on the validation data (needs the extra "tune").

It takes all options of train as fixed settings; those of --space are searched. Test data is split off as in a training
and never used. --output (by default tuned/DATA-MODEL) receives trials.csv, trials.png and best.yaml, which
python -m pipelines.train --config trains."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """Options in addition to the settings of the run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    space: FileName = ""
    """YAML file of the settings to search: dotted names, each with choices [64, 100] or a range {min: 0.1, max: 0.6,
    step: 0.1} or {min: 0.0001, max: 0.01, scale: log}; empty: the file that comes with the model."""
    algorithm: Literal["bayesian", "hyperband", "random"] = "bayesian"
    """bayesian: Gaussian process after a third of the trials, which are random. hyperband: many short trainings, the
    best of which are repeated with more epochs, up to --epochs."""
    trials: PositiveInt = 30
    """Largest number of trainings; each rung of hyperband counts."""
    objective: Literal["accuracy", "macro_f1", "loss", "span_f1"] = "accuracy"
    """Metric of the validation data to optimize."""
    config: ConfigName = ""
    """YAML file of settings, bundle, or name of a file of the package (kim2014_rand); options on the command line
    override it."""
    resume: bool = False
    """Continue the search at --output, which was interrupted or had fewer --trials."""
    overwrite: bool = False
    """Replace the search at --output."""
    json: bool = False
    """Print the trials as JSON to standard output."""
    quiet: bool = False
    """Print results and errors only, no progress and no messages."""


def parse_arguments(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.tune") -> Arguments[Any]:
    """Parse the command line."""
    base, config_file = base_config(argv)
    base = dataclasses.replace(base, output="")  # the output of a YAML file is the folder of a bundle
    args: Arguments[Any] = parse_over(base, config_file, Arguments, prog, DESCRIPTION, argv)
    return args


def find_space(args: Arguments[Any]) -> Path:
    """Return ``--space``, or the file that comes with the model.

    Raises:
        InputError: The model has no such file.
    """
    if not args.space and args.run.model not in list_configs(SPACES):
        ready = ", ".join(list_configs(SPACES))
        raise InputError(f"--space is missing; {args.run.model} has no default space (only {ready} have one)")
    return Path(find_config(args.space or args.run.model, SPACES, "--space"))


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.tune") -> None:
    """Run the command."""
    args = parse_arguments(argv, prog)
    from kerascnn.experiment import SearchOptions, run_search

    options = SearchOptions(
        space=find_space(args), algorithm=args.algorithm, trials=args.trials, objective=args.objective
    )
    with resume_hint(RESUME_HINT):
        result = run_search(
            args.run,
            options,
            resume=args.resume,
            overwrite=args.overwrite,
            verbose=not args.quiet,
            log=choose_log(quiet=args.quiet),
        )
    if not args.json:
        print(result.summary)
        return
    best, *others = [dataclasses.asdict(trial) for trial in [*result.ranked, *result.failed]]
    config = str(result.folder / "best.yaml")
    answer = {"objective": args.objective, "config": config, "best": best, "trials": [best, *others]}
    print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    run(main)
