"""Tune: search for the settings that are best on the validation data."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal

import tyro
from tqdm import tqdm

from kerascnn import config as configuration
from kerascnn.config import Config, ModelConfigT
from kerascnn.settings import PositiveInt
from kerascnn.tuning import space as spaces
from kerascnn.tuning import trials as results
from kerascnn.tuning.space import SearchSpace
from kerascnn.tuning.trials import TrialResult
from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from pipelines import train
from pipelines.command import limit_threads, run, start_tensorflow

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits
    from kerascnn.distillation.data import DistillationData

DESCRIPTION = """Search for the settings of a training that are best on the validation data (needs the extra "tune").

It takes all options of a training as what stays the same; the settings of --space are tried instead of theirs. The
test data is split off as in a training, and never looked at. --output (by default tuned/DATA-MODEL) gets trials.csv,
trials.png and best.yaml, which python -m pipelines.train --config trains."""

SPACES = Path(__file__).parent / "configs" / "tune"
SHOWN = 10
"""Trials in the table at the end."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """What the command adds to a run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    space: str = ""
    """YAML file of what is searched: dotted settings, each with choices [64, 100] or a range {min: 0.1, max: 0.6,
    step: 0.1} or {min: 0.0001, max: 0.01, scale: log}; empty: the one that comes with the model."""
    algorithm: Literal["bayesian", "hyperband", "random"] = "bayesian"
    """bayesian: a Gaussian process chooses after a third of the trials, which are random. hyperband: many short
    trainings, the best of which are done again, longer; --epochs is the most."""
    trials: PositiveInt = 30
    """Trainings at the most; each rung of hyperband counts."""
    objective: Literal["accuracy", "macro_f1", "loss"] = "accuracy"
    """The figure of the validation data that decides."""
    config: str = ""
    """YAML file of settings, as config.yaml of a bundle; options on the command line win."""
    resume: bool = False
    """Go on with the search that lies at --output, interrupted or with fewer --trials."""
    overwrite: bool = False
    """Replace the search that lies at --output."""
    json: bool = False
    """Print the trials as JSON on standard output."""


def arguments(argv: Sequence[str] | None = None) -> Arguments[Any]:
    """The command line over the YAML file over the defaults of the model."""
    base, config = train.base_config(argv)
    base = dataclasses.replace(base, output="")  # that of a YAML file is the place of a bundle
    return train.parse_over(base, config, Arguments, "tune", DESCRIPTION, argv)


def output_folder(config: Config[Any]) -> Path:
    """``config.output``, or tuned/DATA-MODEL."""
    return Path(config.output or Path("tuned") / train.output_folder(config).name)


def tune(args: Arguments[Any]) -> tuple[list[TrialResult], int]:
    """Search, and write what was found; returns all trials, and how many rows they were measured on."""
    folder = output_folder(args.run)
    config = dataclasses.replace(args.run, output="")
    space = spaces.read_space(space_file(args), config)
    if args.algorithm == "hyperband" and "training.epochs" in space.dimensions:
        raise InputError(
            f"{space_file(args)}: training.epochs: hyperband chooses it; leave it out, --epochs is the most"
        )
    check_place(folder, args)
    limit_threads(config.network)
    splits = train.read_splits(config)
    for message in splits.messages:
        log(message)
    if not splits.validation:
        raise InputError("a search needs validation rows: --validation-data, or --source.validation_fraction above 0")
    log(f"{len(splits.train):,} training and {len(splits.validation):,} validation rows")
    start_tensorflow()
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # one trial after the other traces its own functions
    from kerascnn.training.fit import default_epochs
    from kerascnn.tuning import search

    distillation = train.load_distillation_data(config, splits)
    epochs = config.training.epochs or default_epochs(-(-len(splits.train) // config.training.batch_size))
    oracle = search.build_oracle(args.algorithm, space, args.objective, args.trials, config.seed, epochs)
    if args.overwrite and folder.exists():
        shutil.rmtree(folder)
    search.prepare_folder(folder, _origin(args, config, space, splits, distillation), resume=args.resume)
    with tqdm(total=args.trials, desc="trials", unit=" trials", leave=False, disable=None) as bar:

        def begin(trial: TrialResult) -> None:
            log(f"trial {trial.number}/{args.trials}   {_told(trial.settings)}")

        def end(trial: TrialResult) -> None:
            bar.update()
            took = f"{trial.metrics['epochs']:.0f} epochs in {trial.metrics['seconds']:.0f} s" if trial.metrics else ""
            log(f"  {_figures(trial)}   {took}" if trial.metrics else f"  failed: {trial.error}")
            _write(searching.trials, args, config, folder)

        searching = search.SettingsTuner(
            oracle,
            space,
            lambda settings: measure(config, settings, splits, distillation),
            folder,
            on_begin=begin,
            on_end=end,
        )
        bar.update(len(searching.trials))
        if searching.trials:
            log(f"{len(searching.trials)} trials are done already")
        searching.search()
    if not results.rank_trials(searching.trials, args.objective):
        raise InputError(f"none of {len(searching.trials)} trials succeeded, see {folder / 'trials.csv'}")
    _draw(searching.trials, args.objective, folder)
    return searching.trials, len(splits.validation)


def space_file(args: Arguments[Any]) -> Path:
    """``--space``, or the file that comes with the model."""
    path = Path(args.space or SPACES / f"{args.run.model}.yaml")
    if not args.space and not path.exists():
        ready = ", ".join(sorted(file.stem for file in SPACES.glob("*.yaml")))
        raise InputError(f"--space is missing; {args.run.model} has no ready one (there are some for {ready})")
    return path


def check_place(folder: Path, args: Arguments[Any]) -> None:
    """Refuse a folder that the search must not be written to.

    Raises:
        InputError: It holds something else, or a search that is neither to go on nor to be replaced.
    """
    if not folder.exists():
        return
    if not (folder / "search.json").exists():
        raise InputError(f"{folder} exists and is no search of ours; choose another --output")
    if not (args.resume or args.overwrite):
        raise InputError(
            f"{folder}: a search lies here; --resume goes on with it, --overwrite replaces it, or give another --output"
        )


def measure(
    config: Config[Any], settings: Mapping[str, Any], splits: Splits, distillation: DistillationData | None
) -> dict[str, float]:
    """Train with settings; the figures of the validation data and what it cost."""
    import keras

    from kerascnn.classifier import TextClassifier

    keras.backend.clear_session()
    classifier = TextClassifier.from_config(spaces.apply_settings(config, settings, "the settings"))
    validation = train.columns(splits.validation)
    classifier.fit(
        *train.columns(distillation.rows if distillation else splits.train),
        soft_labels=distillation.soft_labels if distillation else None,
        validation_data=validation,
    )  # fmt: skip
    found = classifier.bundle_.metrics | classifier.evaluate(*validation)
    return {name: found[name] for name in (*results.METRICS, *results.COSTS)}


def _origin(
    args: Arguments[Any], config: Config[Any], space: SearchSpace, splits: Splits, distillation: DistillationData | None
) -> dict[str, Any]:
    """What makes two searches the same; where the rows came from does not."""
    from kerascnn.data.records import hash_rows

    searched = {f"space {name}": given for name, given in space.to_dict().items()}
    fixed = {name: given for name, given in config.flatten(spaces.GROUPS).items() if name not in space.dimensions}
    return {
        "algorithm": args.algorithm, "objective": args.objective, "model": config.model, "seed": config.seed,
        "training data": hash_rows(splits.train), "validation data": hash_rows(splits.validation),
        "the teacher's answers": distillation.sha256 if distillation else None, **searched, **fixed,
    }  # fmt: skip


def _write(trials: Sequence[TrialResult], args: Arguments[Any], config: Config[Any], folder: Path) -> None:
    """What is known so far, each file whole."""
    results.write_csv(trials, folder / "trials.csv")
    if ranked := results.rank_trials(trials, args.objective):
        best, bundles = ranked[0], train.output_folder(config).parent
        made = spaces.apply_settings(config, best.settings, "the best trial")
        made = dataclasses.replace(made, output=str(bundles / f"{folder.name}-tuned"))
        with atomic_write(folder / "best.yaml") as file:
            file.write(f"# trial {best.number} of {len(trials)}; on the validation data {_figures(best)}\n")
            file.write(configuration.to_yaml(made))


def _draw(trials: Sequence[TrialResult], objective: str, folder: Path) -> None:
    from kerascnn.evaluation import plots

    scores = [trial.metrics.get(objective, math.nan) for trial in trials]
    settings = {name: [trial.settings[name] for trial in trials] for name in trials[0].settings}
    beside = folder / ".trials.png.partial"
    plots.trials(scores, settings, objective, beside, highest=results.DIRECTIONS[objective] == "max")
    os.replace(beside, folder / "trials.png")


def _told(settings: Mapping[str, Any]) -> str:
    return "   ".join(f"{name} {results.format_setting(value)}" for name, value in settings.items())


def _figures(trial: TrialResult) -> str:
    return "   ".join(f"{name} {trial.metrics[name]:.4f}" for name in results.METRICS)


def report(trials: Sequence[TrialResult], objective: str, folder: Path, rows: int) -> str:
    """The best trials as a table, and what to do next."""
    ranked = results.rank_trials(trials, objective)
    lines = [results.format_table(ranked[:SHOWN]), ""]
    if failed := len(trials) - len(ranked):
        lines.append(f"{failed} of {len(trials)} trials failed, see {folder / 'trials.csv'}")
    if objective == "accuracy":
        best = ranked[0].metrics["accuracy"]
        error = math.sqrt(best * (1 - best) / rows)
        lines.append(
            f"the standard error of an accuracy on {rows:,} rows is {error:.4f}: differences below it are luck"
        )
    return "\n".join([*lines, f"wrote {folder}; next: python -m pipelines.train --config {folder / 'best.yaml'}"])


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = arguments(argv)
    folder = output_folder(args.run)
    trials, rows = tune(args)
    if args.json:
        ranked = [dataclasses.asdict(trial) for trial in results.rank_trials(trials, args.objective)]
        failed = [dataclasses.asdict(trial) for trial in trials if not trial.metrics]
        print(
            json.dumps(
                {
                    "objective": args.objective,
                    "config": str(folder / "best.yaml"),
                    "best": ranked[0],
                    "trials": [*ranked, *failed],
                },
                ensure_ascii=False,
            )
        )
    else:
        print(report(trials, args.objective, folder, rows))


if __name__ == "__main__":
    run(main)
