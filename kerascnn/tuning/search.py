"""A search by KerasTuner, whose oracles choose the settings and keep the state; training stays ours.

Importing this module imports KerasTuner, of the extra ``tune``.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from kerascnn.tuning.space import SearchSpace
from kerascnn.tuning.trials import DIRECTIONS, TrialResult
from kerascnn.utils.atomic_files import read_json, write_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional

keras_tuner: Any = import_optional("keras_tuner", "tune")

STATE_FOLDER = "search"
"""Folder of KerasTuner's state."""
SEARCH_FILE = "search.json"
"""What is searched, which must be the same for a search to go on."""
MAX_CONSECUTIVE_FAILURES = 5
"""Trials that may fail in a row before the search is given up."""

TrainFunction = Callable[[dict[str, Any]], Mapping[str, float]]
"""Settings by dotted name to figures of a training, the objective among them."""


class BayesianOracle(keras_tuner.oracles.BayesianOptimizationOracle):
    """Bayesian optimization that tries nothing twice, and whose choice depends on the trials alone.

    KerasTuner's own offers the same point again, of a space of a few choices or where a trial failed, and forgets the
    state of its random numbers in an interruption.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values for a trial; random ones where those it would choose were tried."""
        self._random_state = np.random.RandomState([self.seed, len(self.trials)])
        with warnings.catch_warnings():
            # few trials tell little of the kernel
            warnings.simplefilter("ignore", ConvergenceWarning)
            response = super().populate_space(trial_id)
        if response["values"] and self._duplicate(response["values"]):
            return self._random_populate_space()
        return response


def build_oracle(algorithm: str, space: SearchSpace, objective: str, trials: int, seed: int, epochs: int) -> Any:
    """The algorithm that chooses the settings.

    Args:
        algorithm: ``random``; ``bayesian``, whose first third of the trials is random; or ``hyperband``, whose every
            rung is a trial.
        space: What it chooses from.
        objective: One of ``DIRECTIONS``.
        trials: How many, at the most.
        seed: The same seed, and the same figures, give the same trials.
        epochs: Of hyperband, at the most.
    """
    hyperparameters = keras_tuner.HyperParameters()
    space.declare(hyperparameters)
    common = {
        "objective": keras_tuner.Objective(objective, DIRECTIONS[objective]),
        "hyperparameters": hyperparameters,
        # 0 would be drawn by chance, and each number of a trial is drawn with the next seed
        "seed": 10_007 * seed + 1,
        "max_consecutive_failed_trials": MAX_CONSECUTIVE_FAILURES,
    }
    if algorithm == "hyperband":
        # as many sweeps as there are trials for
        made = keras_tuner.oracles.HyperbandOracle(max_epochs=epochs, hyperband_iterations=None, **common)
        made.max_trials = trials
    elif algorithm == "bayesian":
        made = BayesianOracle(max_trials=trials, num_initial_points=max(3, trials // 3), **common)
    else:
        made = keras_tuner.oracles.RandomSearchOracle(max_trials=trials, **common)
    made.verbose = 0
    return made


class SettingsTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """Runs the trials that an oracle wants; a failed one is noted, and the search goes on.

    Args:
        oracle: Chooses the settings.
        space: What it chooses from.
        train: Trains with settings.
        folder: Keeps the state, from which a new search goes on.
        on_begin: Called with each trial before it runs.
        on_end: Called with each trial after it.
    """

    def __init__(
        self,
        oracle: Any,
        space: SearchSpace,
        train: TrainFunction,
        folder: Path,
        *,
        on_begin: Callable[[TrialResult], None] = lambda trial: None,
        on_end: Callable[[TrialResult], None] = lambda trial: None,
    ) -> None:
        self.space, self.train, self.on_begin, self.on_end = space, train, on_begin, on_end
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                super().__init__(oracle, directory=str(folder), project_name=STATE_FOLDER)
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise InputError(
                f"{folder / STATE_FOLDER}: damaged ({error}); search again with --overwrite, or with another --output"
            ) from None

    @property
    def trials(self) -> list[TrialResult]:
        """All that have ended."""
        done = sorted(self.oracle.end_order, key=int)
        return [self._trial(self.oracle.trials[name]) for name in dict.fromkeys(done)]

    def on_trial_begin(self, trial: Any) -> None:
        """See ``BaseTuner``."""
        self.on_begin(self._trial(trial))

    def run_trial(self, trial: Any) -> dict[str, float]:
        """See ``BaseTuner``; whatever stops a training fails the trial."""
        try:
            return dict(self.train(self._settings(trial)))
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            if not isinstance(error, InputError):
                reason = f"{type(error).__name__}: {reason[:200]}"
            raise keras_tuner.errors.FailedTrialError(reason) from None

    def on_trial_end(self, trial: Any) -> None:
        """See ``BaseTuner``.

        Raises:
            InputError: One trial after the other failed.
        """
        try:
            super().on_trial_end(trial)
        except RuntimeError:
            reason = self._trial(trial).error
            raise InputError(
                f"{MAX_CONSECUTIVE_FAILURES} trials in a row failed, the last one with: {reason}"
            ) from None
        self.on_end(self._trial(self.oracle.trials[trial.trial_id]))

    def _settings(self, trial: Any) -> dict[str, Any]:
        values = trial.hyperparameters.values
        settings = self.space.to_settings(values)
        return settings | ({"training.epochs": values["tuner/epochs"]} if "tuner/epochs" in values else {})

    def _trial(self, trial: Any) -> TrialResult:
        metrics, error = {}, ""
        if trial.status == "COMPLETED":
            metrics = {name: trial.metrics.get_last_value(name) for name in trial.metrics.metrics}
        elif trial.message:
            error = trial.message.rpartition("FailedTrialError: ")[2].strip()
        elif trial.status == "FAILED":
            error = f"its {self.oracle.objective.name} is not a number"
        return TrialResult(int(trial.trial_id) + 1, self._settings(trial), metrics, error)


def prepare_folder(folder: Path, origin: Mapping[str, Any], *, resume: bool) -> None:
    """Make the folder of a new search, or see that the one that lies there is the same.

    Args:
        folder: Where the search keeps its state.
        origin: What is searched, name to plain value.
        resume: Whether a search may lie there already.

    Raises:
        InputError: Another search lies there; the message names the difference.
    """
    path = folder / SEARCH_FILE
    if resume and path.exists():
        before = read_json(path)
        for name in sorted({*before, *origin}):
            if before.get(name) != origin.get(name):
                raise InputError(
                    f"{path}: the search there had {name} {before.get(name)!r}, this one has {origin.get(name)!r};"
                    " give the same options, or another --output"
                )
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_json(path, origin)
