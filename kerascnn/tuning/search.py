"""Run the trials of a search with KerasTuner, which stores the state. Importing this module imports KerasTuner."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerascnn.tuning.oracles import MAX_CONSECUTIVE_FAILURES
from kerascnn.tuning.space import SearchSpace
from kerascnn.tuning.trials import TrialResult
from kerascnn.utils.atomic_files import atomic_path, read_json, write_json
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

keras_tuner: Any = import_optional("keras_tuner", "tune")

STATE_FOLDER = "search"
"""Folder of KerasTuner's state."""
SEARCH_FILE = "search.json"
"""File that describes the search; a search resumes only with the same description."""
MAX_REASON_LENGTH = 200

TrainFunction = Callable[[dict[str, Any]], Mapping[str, float]]
"""Trains with settings, by dotted name, and returns metrics, the objective included."""


class SettingsTuner(keras_tuner.engine.base_tuner.BaseTuner):
    """Runs the trials that an oracle chooses; a failed trial does not end the search.

    Args:
        oracle: Oracle that chooses the settings.
        space: Space of the settings.
        train: Trains with the settings of a trial.
        folder: Folder of the state, from which a new tuner continues.

    Attributes:
        on_begin: Called with each trial before it runs.
        on_end: Called with each trial after it ran.

    Raises:
        InputError: The state in the folder is damaged.
    """

    def __init__(self, oracle: Any, space: SearchSpace, train: TrainFunction, folder: Path) -> None:
        self.space, self.train = space, train
        self.on_begin: Callable[[TrialResult], None] = lambda trial: None
        self.on_end: Callable[[TrialResult], None] = lambda trial: None
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                super().__init__(oracle, directory=str(folder), project_name=STATE_FOLDER)
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise InputError(
                f"{folder / STATE_FOLDER}: damaged ({error}); search again with --overwrite, or with another --output"
            ) from None

    @property
    def trials(self) -> list[TrialResult]:
        """All trials that have ended, in the order in which they started."""
        ended = sorted(set(self.oracle.end_order), key=int)
        return [self._to_result(self.oracle.get_trial(trial_id)) for trial_id in ended]

    def on_trial_begin(self, trial: Any) -> None:
        """Report a trial before it runs, see ``BaseTuner``."""
        self.on_begin(self._to_result(trial))

    def run_trial(self, trial: Any) -> dict[str, float]:
        """Train with the settings of a trial, see ``BaseTuner``; any exception fails the trial."""
        try:
            return dict(self.train(self._settings(trial)))
        except Exception as error:
            reason = to_one_line(error) or type(error).__name__
            if not isinstance(error, InputError):
                reason = f"{type(error).__name__}: {reason[:MAX_REASON_LENGTH]}"
            raise keras_tuner.errors.FailedTrialError(reason) from None

    def on_trial_end(self, trial: Any) -> None:
        """Store and report the result of a trial, see ``BaseTuner``.

        Raises:
            InputError: ``MAX_CONSECUTIVE_FAILURES`` trials in a row failed.
        """
        try:
            super().on_trial_end(trial)
        except RuntimeError:
            reason = self._to_result(trial).error
            raise InputError(
                f"{MAX_CONSECUTIVE_FAILURES} trials in a row failed, the last one with: {reason}"
            ) from None
        self.on_end(self._to_result(self.oracle.get_trial(trial.trial_id)))

    def _settings(self, trial: Any) -> dict[str, Any]:
        values = trial.hyperparameters.values
        settings = self.space.to_settings(values)
        return settings | ({"training.epochs": values["tuner/epochs"]} if "tuner/epochs" in values else {})

    def _to_result(self, trial: Any) -> TrialResult:
        metrics, error = {}, ""
        if trial.status == "COMPLETED":
            metrics = {name: trial.metrics.get_last_value(name) for name in trial.metrics.metrics}
        elif trial.message:
            error = trial.message.rpartition("FailedTrialError: ")[2].strip()
        elif trial.status == "FAILED":
            error = f"{self.oracle.objective.name} is not a number"
        return TrialResult(int(trial.trial_id) + 1, self._settings(trial), metrics, error)


def prepare_folder(folder: Path, description: Mapping[str, Any], *, resume: bool) -> None:
    """Create the folder of a new search, or check that the search in the folder is the same.

    Args:
        folder: Folder of the search.
        description: Everything that two runs of the same search share, as plain values by name.
        resume: Continue the search in the folder, if there is one.

    Raises:
        InputError: The folder holds another search; the message names the difference.
    """
    path = folder / SEARCH_FILE
    if resume and path.exists():
        stored = read_json(path)
        for name in sorted({*stored, *description}):
            if stored.get(name) != description.get(name):
                raise InputError(
                    f"{path}: the search there had {name} {stored.get(name)!r}, this one has {description.get(name)!r};"
                    " use the same options, or another --output"
                )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as partial:
        write_json(partial, description)
