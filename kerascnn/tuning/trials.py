"""What the trials of a search gave: the order of merit, a table, a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import atomic_write

METRICS = ("accuracy", "macro_f1", "loss", "ece")
"""Of the validation data."""
COSTS = ("epochs", "seconds", "parameters")
DIRECTIONS = {"accuracy": "max", "macro_f1": "max", "loss": "min"}
"""What can be searched for, and which way."""


@dataclass(frozen=True)
class TrialResult:
    """One training of a search."""

    number: int
    """From 1, in the order in which they began."""
    settings: dict[str, Any]
    """Those that the search chose, by dotted name."""
    metrics: dict[str, float] = field(default_factory=dict)
    """``METRICS`` and ``COSTS``; empty where the trial failed."""
    error: str = ""
    """Why it failed."""


def rank_trials(trials: Iterable[TrialResult], objective: str) -> list[TrialResult]:
    """The trials that did not fail, the best first; among equals that of the lower loss."""
    sign = -1 if DIRECTIONS[objective] == "max" else 1
    return sorted(
        (trial for trial in trials if trial.metrics),
        key=lambda trial: (sign * trial.metrics[objective], trial.metrics["loss"], trial.number),
    )


def format_setting(value: Any) -> str:
    """A setting as a cell or a tick: as YAML and JSON would have it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def write_csv(trials: Sequence[TrialResult], path: Path) -> None:
    """Write a CSV file, a row a trial: its settings, validation metrics, what it cost, why it failed."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
    with atomic_write(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trial", *names, *METRICS, *COSTS, "error"])
        for trial in trials:
            settings = [format_setting(trial.settings[name]) if name in trial.settings else "" for name in names]
            metrics = [f"{trial.metrics[name]:.6g}" if trial.metrics else "" for name in METRICS]
            costs = [f"{trial.metrics[name]:.10g}" if trial.metrics else "" for name in COSTS]
            writer.writerow([trial.number, *settings, *metrics, *costs, trial.error])


def format_table(trials: Sequence[TrialResult]) -> str:
    """Trials as lines of text, the settings without their group."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
    head = ["trial", *METRICS, *(name.partition(".")[2] for name in names), *COSTS]
    rows = [head]
    for trial in trials:
        metrics = [f"{trial.metrics[name]:.4f}" for name in METRICS]
        settings = [format_setting(trial.settings[name]) if name in trial.settings else "" for name in names]
        costs = [f"{trial.metrics[name]:,.0f}" for name in COSTS]
        rows.append([str(trial.number), *metrics, *settings, *costs])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
