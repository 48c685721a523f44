"""Rank trials, and write them as a table and as CSV."""

from __future__ import annotations

import csv

from kerascnn.tuning.trials import TrialResult, format_setting, format_table, rank_trials, write_csv


def make_trial(number, accuracy, loss, **settings):
    metrics = {"accuracy": accuracy, "macro_f1": accuracy, "loss": loss, "ece": 0.125}
    costs = {"epochs": 3, "seconds": 12.34, "parameters": 1234567}
    settings = {f"network.{name}": value for name, value in settings.items()}
    return TrialResult(number, settings, metrics | costs)


TRIALS = [
    make_trial(1, 0.8, 0.5, filters=64, pooling="max"),
    make_trial(2, 0.9, 0.7, filters=100, kernel_sizes=[3, 4]),
    make_trial(3, 0.9, 0.6, filters=8),
    TrialResult(4, {"network.filters": 16}, error="out of memory"),
]


def test_ranks_by_objective_then_loss_without_failed_trials():
    assert [trial.number for trial in rank_trials(TRIALS, "accuracy")] == [3, 2, 1]
    assert [trial.number for trial in rank_trials(TRIALS, "loss")] == [1, 3, 2]


def test_settings_are_formatted_as_json():
    assert [format_setting(value) for value in ("max", [3, 4], 0.5, True)] == ["max", "[3, 4]", "0.5", "true"]


def test_table_aligns_columns_to_the_right():
    lines = format_table(TRIALS[:2]).splitlines()
    assert lines[0].split() == [
        "trial", "accuracy", "macro_f1", "loss", "ece", "filters", "pooling", "kernel_sizes", "epochs", "seconds",
        "parameters",
    ]  # fmt: skip
    assert lines[1].split() == ["1", "0.8000", "0.8000", "0.5000", "0.1250", "64", "max", "3", "12", "1,234,567"]
    assert len(set(map(len, lines))) == 1


def test_csv_has_one_row_per_trial(tmp_path):
    write_csv(TRIALS, tmp_path / "trials.csv")
    with open(tmp_path / "trials.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[1]["network.kernel_sizes"] == "[3, 4]" and rows[1]["network.pooling"] == ""
    assert (rows[0]["accuracy"], rows[0]["parameters"], rows[0]["error"]) == ("0.8", "1234567", "")
    assert (rows[3]["accuracy"], rows[3]["epochs"], rows[3]["error"]) == ("", "", "out of memory")
