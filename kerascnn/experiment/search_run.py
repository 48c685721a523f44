"""Search for the settings of a training that are best on the validation data (needs the extra ``tune``)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kerascnn.config import TRAINING_GROUPS, Config, to_yaml
from kerascnn.data.tag_schemes import has_spans
from kerascnn.experiment.run_data import check_memory, load_distillation_data, read_splits
from kerascnn.experiment.run_folders import check_inputs, default_bundle_folder
from kerascnn.experiment.search_trial import train_trial
from kerascnn.experiment.tagger_run import check_model_fits, choose_tagger
from kerascnn.selection import reject_automatic
from kerascnn.tuning import space as spaces
from kerascnn.tuning import trials as results
from kerascnn.tuning.trials import TrialResult
from kerascnn.utils import stderr
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.atomic_files import atomic_path, atomic_write, check_output_parent, remove_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import check_installed, require_tensorflow_backend
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.stderr import Log
from kerascnn.utils.tensorflow_startup import limit_threads, start_tensorflow

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits
    from kerascnn.distillation.data import DistillationData
    from kerascnn.tuning.search import SettingsTuner
    from kerascnn.tuning.space import SearchSpace

MAX_SHOWN_TRIALS = 10
"""Trials in the table of the summary."""


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How to search.

    Attributes:
        space: YAML file of the settings to search, see ``kerascnn.tuning.space``.
        algorithm: See ``kerascnn.tuning.search.build_oracle``.
        trials: Largest number of trainings.
        objective: Metric of the validation data to optimize.
    """

    space: Path
    algorithm: Literal["bayesian", "hyperband", "random"] = "bayesian"
    trials: int = 30
    objective: Literal["accuracy", "macro_f1", "loss", "span_f1"] = "accuracy"


@dataclass(frozen=True)
class SearchResult:
    """Result of ``run_search``.

    Attributes:
        folder: Holds trials.csv, trials.png and best.yaml.
        ranked: Trials that succeeded, the best first.
        failed: Trials that failed.
        summary: Lines for the user: the best trials as a table, and the next command.
    """

    folder: Path
    ranked: list[TrialResult]
    failed: list[TrialResult]
    summary: str


def search_folder(config: Config[Any]) -> Path:
    """Return ``config.output``, or tuned/DATA-MODEL."""
    return Path(config.output or Path("tuned") / default_bundle_folder(config).name)


@name_arguments
def run_search(
    config: Config[Any],
    options: SearchOptions,
    *,
    resume: bool = False,
    overwrite: bool = False,
    verbose: bool = True,
    log: Log = stderr.log,
) -> SearchResult:
    """Train with many settings on the same rows, and write the best settings. Test rows are never used.

    Args:
        config: The run whose settings are searched; ``config.output`` is the folder of the search.
        options: How to search.
        resume: Continue the search in that folder.
        overwrite: Replace the search in that folder.
        verbose: Show a progress bar.
        log: Receives messages for the user.

    Raises:
        InputError: The space, a setting or a row cannot be used, or no trial succeeded.
    """
    config = choose_tagger(config)
    reject_automatic(config, "a search")
    require_tensorflow_backend("a search")
    check_installed("keras_tuner", "tune")
    folder, config = search_folder(config), dataclasses.replace(config, output="")
    space = spaces.read_space(options.space, config)
    if options.algorithm == "hyperband" and "training.epochs" in space.dimensions:
        raise InputError(f"{options.space}: training.epochs is chosen by hyperband; leave it out, --epochs limits it")
    if options.algorithm == "hyperband" and config.network.is_linear:
        raise InputError(f"hyperband compares epochs, and {config.model} is solved; use --algorithm bayesian or random")
    with lock_output(folder):
        return _search(config, options, space, folder, resume=resume, overwrite=overwrite, verbose=verbose, log=log)


def _search(
    config: Config[Any],
    options: SearchOptions,
    space: SearchSpace,
    folder: Path,
    *,
    resume: bool,
    overwrite: bool,
    verbose: bool,
    log: Log,
) -> SearchResult:
    """Search into a folder that no other process writes, see ``run_search``."""
    check_search_folder(folder, resume=resume, overwrite=overwrite)
    if overwrite:
        check_inputs(config, folder, str(options.space))
    limit_threads(config.network.parallel_branches)
    splits = _read_search_splits(config, log)
    check_model_fits(config, splits)
    if options.objective == "span_f1" and not has_spans(tag for row in splits.train for tag in row.labels):
        raise InputError("--objective span_f1: the data has no spans of tokens; give accuracy, macro_f1 or loss")
    start_tensorflow()
    from kerascnn.training.plan import plan_training
    from kerascnn.tuning import oracles, search

    distillation = load_distillation_data(config, splits, log)
    num_classes = len({label for row in splits.train for label in row.labels})
    epochs = plan_training(config.training, len(splits.train), num_classes).epochs
    oracle = oracles.build_oracle(options.algorithm, space, options.objective, options.trials, config.seed, epochs)
    if overwrite and folder.exists():
        remove_folder(folder)
    search.prepare_folder(folder, _describe_search(options, config, space, splits, distillation), resume=resume)
    tuner = search.SettingsTuner(
        oracle, space, lambda settings: train_trial(config, settings, splits, distillation), folder
    )
    _run_trials(tuner, config, options, folder, verbose=verbose, log=log)
    ranked = results.rank_trials(tuner.trials, options.objective)
    if not ranked:
        raise InputError(f"none of {len(tuner.trials)} trials succeeded, see {folder / 'trials.csv'}")
    _draw_trials(tuner.trials, options.objective, folder)
    failed = [trial for trial in tuner.trials if not trial.metrics]
    summary = summarize_search(ranked, len(failed), options.objective, folder, len(splits.validation))
    return SearchResult(folder, ranked, failed, summary)


def _read_search_splits(config: Config[Any], log: Log) -> Splits:
    check_memory(config, {"a search holds all rows in memory; search with a part of the rows": True})
    splits = read_splits(config)
    for message in splits.messages:
        log(message)
    if not splits.validation:
        raise InputError("a search needs validation rows: --validation-data, or --source.validation_fraction above 0")
    log(f"{len(splits.train):,} training and {len(splits.validation):,} validation rows")
    return splits


def _run_trials(
    tuner: SettingsTuner, config: Config[Any], options: SearchOptions, folder: Path, *, verbose: bool, log: Log
) -> None:
    """Run the trials that are not finished; log each of them, and write the results after it."""
    if tuner.trials:
        log(f"{len(tuner.trials)} trials are finished already")
    with progress_bar(
        total=options.trials, initial=len(tuner.trials), title="searching", unit="trials", verbose=verbose
    ) as bar:

        def log_begin(trial: TrialResult) -> None:
            log(f"trial {trial.number}/{options.trials}   {_format_settings(trial.settings)}")

        def log_end(trial: TrialResult) -> None:
            bar.update()
            log(f"  {_format_outcome(trial)}")
            write_trials(tuner.trials, options.objective, config, folder)

        tuner.on_begin, tuner.on_end = log_begin, log_end
        tuner.search()


def check_search_folder(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Check that a search may be written to a folder.

    Raises:
        InputError: The folder holds something else, or a search that is to be neither resumed nor replaced.
    """
    if not folder.exists():
        check_output_parent(folder)
        return
    if not (folder / "search.json").exists():
        raise InputError(f"{folder} exists and is not a search; choose another --output")
    if not (resume or overwrite):
        raise InputError(
            f"{folder} holds a search; --resume continues it, --overwrite replaces it, or choose another --output"
        )


def _describe_search(
    options: SearchOptions,
    config: Config[Any],
    space: SearchSpace,
    splits: Splits,
    distillation: DistillationData | None,
) -> dict[str, Any]:
    """Return all values that must be equal for a search to resume; names of files and folders may differ."""
    from kerascnn.data.records import hash_rows

    searched = {f"space {name}": given for name, given in space.to_dict().items()}
    fixed = {name: given for name, given in config.flatten(TRAINING_GROUPS).items() if name not in space.dimensions}
    return {
        "algorithm": options.algorithm, "objective": options.objective, "model": config.model, "seed": config.seed,
        "training data": hash_rows(splits.train), "validation data": hash_rows(splits.validation),
        "hash of the teacher": distillation.sha256 if distillation else None, **searched, **fixed,
    }  # fmt: skip


def write_trials(trials: Sequence[TrialResult], objective: str, config: Config[Any], folder: Path) -> None:
    """Write trials.csv, and best.yaml with every setting of the best trial."""
    results.write_csv(trials, folder / "trials.csv")
    if ranked := results.rank_trials(trials, objective):
        best = ranked[0]
        output = default_bundle_folder(config).parent / f"{folder.name}-tuned"
        best_config = spaces.apply_settings(config, best.settings, "the best trial")
        with atomic_write(folder / "best.yaml") as file:
            file.write(f"# trial {best.number} of {len(trials)}; on the validation data {_format_metrics(best)}\n")
            file.write(to_yaml(dataclasses.replace(best_config, output=str(output))))


def _draw_trials(trials: Sequence[TrialResult], objective: str, folder: Path) -> None:
    from kerascnn.evaluation import plots

    scores = [trial.metrics.get(objective, math.nan) for trial in trials]
    settings = {name: [trial.settings[name] for trial in trials] for name in trials[0].settings}
    with atomic_path(folder / "trials.png") as partial:
        plots.plot_trials(scores, settings, objective, partial, highest=results.DIRECTIONS[objective] == "max")


def _format_settings(settings: Mapping[str, Any]) -> str:
    return "   ".join(f"{name} {results.format_setting(value)}" for name, value in settings.items())


def _format_metrics(trial: TrialResult) -> str:
    return "   ".join(f"{name} {trial.metrics[name]:.4f}" for name in results.METRICS if name in trial.metrics)


def _format_outcome(trial: TrialResult) -> str:
    if not trial.metrics:
        return f"failed: {trial.error}"
    cost = f"{trial.metrics['epochs']:.0f} epochs in {trial.metrics['seconds']:.0f} s"
    return f"{_format_metrics(trial)}   {cost}"


def summarize_search(ranked: Sequence[TrialResult], failures: int, objective: str, folder: Path, rows: int) -> str:
    """Return the best trials as a table, the number of failures, the standard error, and the next command."""
    lines = [results.format_table(ranked[:MAX_SHOWN_TRIALS]), ""]
    if failures:
        lines.append(f"{failures} of {len(ranked) + failures} trials failed, see {folder / 'trials.csv'}")
    if objective == "accuracy":
        best = ranked[0].metrics["accuracy"]
        error = math.sqrt(best * (1 - best) / rows)
        lines.append(
            f"the standard error of an accuracy on {rows:,} rows is {error:.4f}; smaller differences are noise"
        )
    return "\n".join([*lines, f"wrote {folder}; next: python -m pipelines.train --config {folder / 'best.yaml'}"])
