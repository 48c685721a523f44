"""Oracles choose settings: no settings twice, and the same ones after an interruption."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("keras_tuner")

from kerascnn.tuning.oracles import build_oracle
from kerascnn.tuning.search import SettingsTuner
from kerascnn.tuning.space import Choices, Range, SearchSpace
from kerascnn.utils.errors import InputError

SPACE = SearchSpace({"training.learning_rate": Range(1e-4, 1e-1, log=True), "network.filters": Choices((8, 16, 32))})
SMALL = SearchSpace({"network.filters": Choices((8, 16)), "network.kernel_sizes": Choices(((2,), (3,)))})


def train(settings):
    """Return metrics that depend on the settings only."""
    return {"accuracy": random.Random(str(settings)).random(), "loss": 1.0}


def search(folder, *, space=SPACE, algorithm="bayesian", trials=8, seed=0, train=train):
    """Run a search and return its trials."""
    oracle = build_oracle(algorithm, space, "accuracy", trials, seed, epochs=4)
    tuner = SettingsTuner(oracle, space, train, folder)
    tuner.search()
    return tuner.trials


@pytest.mark.parametrize("algorithm", ["bayesian", "random"])
def test_search_ends_when_all_settings_are_tried(algorithm, tmp_path):
    trials = search(tmp_path, space=SMALL, algorithm=algorithm, trials=20)
    assert len({str(trial.settings) for trial in trials}) == len(trials) == 4


@pytest.mark.parametrize("algorithm", ["bayesian", "random", "hyperband"])
def test_resumed_search_chooses_same_settings(algorithm, tmp_path):
    expected = search(tmp_path / "all", algorithm=algorithm)

    def interrupted(settings, calls=[]):  # noqa: B006
        calls.append(settings)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return train(settings)

    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "resumed", algorithm=algorithm, train=interrupted)
    assert search(tmp_path / "resumed", algorithm=algorithm) == expected


def test_seed_changes_settings(tmp_path):
    first, second = (search(tmp_path / str(seed), trials=3, seed=seed) for seed in (0, 1))
    assert [trial.settings for trial in first] != [trial.settings for trial in second]


def test_bayesian_search_does_not_repeat_failed_settings(tmp_path):
    def fail_small(settings):
        if settings["network.filters"] == 8:
            raise InputError("8 filters are too few")
        return train(settings)

    trials = search(tmp_path, space=SMALL, trials=20, train=fail_small)
    assert [trial.error for trial in trials if trial.error] == ["8 filters are too few"] * 2
    assert len({str(trial.settings) for trial in trials}) == len(trials) == 4


def test_gaussian_process_prefers_good_settings(tmp_path):
    space = SearchSpace({"network.dropout": Range(0.0, 1.0)})

    def prefer_low_dropout(settings):
        return {"accuracy": 1 - settings["network.dropout"], "loss": 1.0}

    trials = search(tmp_path, space=space, trials=12, train=prefer_low_dropout)
    assert max(trial.metrics["accuracy"] for trial in trials[4:]) > 0.99
