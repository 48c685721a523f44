"""Results of the trials of a search: ranking, table, CSV file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.tables import text_table

METRICS = ("accuracy", "macro_f1", "loss", "ece", "span_f1")
"""Metrics of the validation data. Taggers have no ece, and only they span_f1; their accuracy is that of the tokens."""
COSTS = ("epochs", "seconds", "parameters")
DIRECTIONS = {"accuracy": "max", "macro_f1": "max", "loss": "min", "span_f1": "max"}
"""Metrics that can be the objective, and the direction of the optimization."""


@dataclass(frozen=True)
class TrialResult:
    """One trial of a search."""

    number: int
    """Number in the order of the starts, from 1."""
    settings: dict[str, Any]
    """Settings that the oracle chose, by dotted name."""
    metrics: dict[str, float] = field(default_factory=dict)
    """``METRICS``, as far as its task has them, and ``COSTS``; empty if the trial failed."""
    error: str = ""
    """Reason of the failure; empty if the trial succeeded."""


def rank_trials(trials: Iterable[TrialResult], objective: str) -> list[TrialResult]:
    """Return the successful trials, best first; of equal trials, the one with the lower loss first."""
    sign = -1 if DIRECTIONS[objective] == "max" else 1
    return sorted(
        (trial for trial in trials if trial.metrics),
        key=lambda trial: (sign * trial.metrics[objective], trial.metrics["loss"], trial.number),
    )


def format_setting(value: Any) -> str:
    """Return the value of a setting as in JSON, strings without quotation marks."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def write_csv(trials: Sequence[TrialResult], path: Path) -> None:
    """Write a CSV file with one row per trial: settings, metrics, costs and error."""
    names = _setting_names(trials)
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        measured = list_metrics(trials)
        writer.writerow(["trial", *names, *measured, *COSTS, "error"])
        for trial in trials:
            metrics = [f"{trial.metrics[name]:.6g}" if trial.metrics else "" for name in measured]
            costs = [f"{trial.metrics[name]:.10g}" if trial.metrics else "" for name in COSTS]
            writer.writerow([trial.number, *_format_settings(trial, names), *metrics, *costs, trial.error])


def format_table(trials: Sequence[TrialResult]) -> str:
    """Return a plain table of successful trials; settings are named without their group."""
    names = _setting_names(trials)
    measured = list_metrics(trials)
    header = ["trial", *measured, *(name.partition(".")[2] for name in names), *COSTS]
    rows = []
    for trial in trials:
        metrics = [f"{trial.metrics[name]:.4f}" for name in measured]
        costs = [f"{trial.metrics[name]:,.0f}" for name in COSTS]
        rows.append([str(trial.number), *metrics, *_format_settings(trial, names), *costs])
    return text_table(header, rows, align="r" * len(header))


def list_metrics(trials: Iterable[TrialResult]) -> list[str]:
    """Return the metrics that trials have, those of a text classifier if none has succeeded."""
    found = {name for trial in trials for name in trial.metrics}
    return [name for name in METRICS if name in found] or [name for name in METRICS if name != "span_f1"]


def _setting_names(trials: Iterable[TrialResult]) -> list[str]:
    """Return the names of all settings, in the order of their first occurrence."""
    return list(dict.fromkeys(name for trial in trials for name in trial.settings))


def _format_settings(trial: TrialResult, names: Iterable[str]) -> list[str]:
    return [format_setting(trial.settings[name]) if name in trial.settings else "" for name in names]
