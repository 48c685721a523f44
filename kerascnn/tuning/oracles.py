"""The oracles of KerasTuner, which choose the settings of each trial. Importing this module imports KerasTuner."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from kerascnn.tuning.space import SearchSpace
from kerascnn.tuning.trials import DIRECTIONS
from kerascnn.utils.optional_packages import import_optional

keras_tuner: Any = import_optional("keras_tuner", "tune")

MAX_CONSECUTIVE_FAILURES = 5
"""Failed trials in a row that end a search."""
MIN_INITIAL_TRIALS = 3
"""Fewest random trials before Bayesian optimization."""
MAX_COLLISIONS = 100
"""Random settings in a row that were tried before, after which a space counts as exhausted."""


class BayesianOracle(keras_tuner.Oracle):
    """Bayesian optimization that never repeats a trial, with the same trials after an interruption.

    ``keras_tuner.oracles.BayesianOptimizationOracle`` repeats settings if the space is small or a trial fails, and
    does not save the state of its random numbers. This oracle creates one for each trial, seeded with the number of
    trials, and replaces settings that were tried before by random ones.

    Args:
        num_initial_points: Random trials before the Gaussian process chooses.
        **arguments: See ``keras_tuner.Oracle``.
    """

    def __init__(self, *, num_initial_points: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.num_initial_points = num_initial_points

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Return the status of the search and the settings of a new trial, see ``keras_tuner.Oracle``."""
        oracle = keras_tuner.oracles.BayesianOptimizationOracle(
            objective=self.objective, hyperparameters=self.hyperparameters, seed=self._trial_seed(0),
            num_initial_points=self.num_initial_points,
        )  # fmt: skip
        # loaded trials have any order, on which the Gaussian process depends a little
        oracle.trials = {name: self.trials[name] for name in sorted(self.trials, key=int)}
        with warnings.catch_warnings():
            # few trials do not determine the kernel
            warnings.simplefilter("ignore", ConvergenceWarning)
            response: dict[str, Any] = oracle.populate_space(trial_id)
        return self._random_settings(trial_id) if self._was_tried(response["values"]) else response

    def get_state(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {**super().get_state(), "num_initial_points": self.num_initial_points}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state, the number of random trials included, which may differ after a resumption."""
        super().set_state(state)
        self.num_initial_points = state["num_initial_points"]

    def _random_settings(self, trial_id: str) -> dict[str, Any]:
        for attempt in range(1, MAX_COLLISIONS + 1):
            oracle = keras_tuner.oracles.RandomSearchOracle(
                objective=self.objective, hyperparameters=self.hyperparameters, seed=self._trial_seed(attempt)
            )
            response: dict[str, Any] = oracle.populate_space(trial_id)
            if not self._was_tried(response["values"]):
                return response
        return {"status": "STOPPED", "values": None}

    def _was_tried(self, values: dict[str, Any]) -> bool:
        return any(trial.hyperparameters.values == values for trial in self.trials.values())

    def _trial_seed(self, attempt: int) -> int:
        """Return a seed, from 1, for the next trial."""
        state = np.random.SeedSequence([self.seed, len(self.trials), attempt]).generate_state(1)
        return 1 + int(state[0]) % (2**31 - 1)


def build_oracle(algorithm: str, space: SearchSpace, objective: str, trials: int, seed: int, epochs: int) -> Any:
    """Return the oracle of an algorithm.

    Args:
        algorithm: ``random``; ``bayesian``, with a third of the trials random; or ``hyperband``, with one trial per
            rung.
        space: Settings to search.
        objective: One of ``DIRECTIONS``.
        trials: Largest number of trials.
        seed: The same seed and the same metrics give the same trials.
        epochs: Largest number of epochs of hyperband.
    """
    hyperparameters = keras_tuner.HyperParameters()
    space.declare(hyperparameters)
    common = {
        "objective": keras_tuner.Objective(objective, DIRECTIONS[objective]),
        "hyperparameters": hyperparameters,
        # KerasTuner replaces the seed 0 by a random one, and draws each value of a trial with the next seed
        "seed": (10_007 * seed + 1) % 2**32,
        "max_consecutive_failed_trials": MAX_CONSECUTIVE_FAILURES,
    }
    if algorithm == "hyperband":
        # None: repeats sweeps until all trials are used
        oracle = keras_tuner.oracles.HyperbandOracle(max_epochs=epochs, hyperband_iterations=None, **common)
        oracle.max_trials = trials
    elif algorithm == "bayesian":
        num_initial_points = max(MIN_INITIAL_TRIALS, trials // 3)
        oracle = BayesianOracle(max_trials=trials, num_initial_points=num_initial_points, **common)
    else:
        oracle = keras_tuner.oracles.RandomSearchOracle(max_trials=trials, **common)
    oracle.verbose = 0
    return oracle
