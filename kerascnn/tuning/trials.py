"""What the trials of a search gave: the order of merit, a table, a file."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import whole_file

FIGURES = ("accuracy", "macro_f1", "loss", "ece")
"""Of the validation data."""
COSTS = ("epochs", "seconds", "parameters")
DIRECTIONS = {"accuracy": "max", "macro_f1": "max", "loss": "min"}
"""What can be searched for, and which way."""


@dataclass(frozen=True)
class Trial:
    """One training of a search."""

    number: int
    """From 1, in the order in which they began."""
    settings: dict[str, Any]
    """Those that the search chose, by dotted name."""
    figures: dict[str, float] = field(default_factory=dict)
    """``FIGURES`` and ``COSTS``; empty where the trial failed."""
    error: str = ""
    """Why it failed."""


def ranked(trials: Iterable[Trial], objective: str) -> list[Trial]:
    """The trials that did not fail, the best first; among equals that of the lower loss."""
    sign = -1 if DIRECTIONS[objective] == "max" else 1
    return sorted(
        (trial for trial in trials if trial.figures),
        key=lambda trial: (sign * trial.figures[objective], trial.figures["loss"], trial.number),
    )


def told(value: Any) -> str:
    """A setting as a cell or a tick: as YAML and JSON would have it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def write(trials: Sequence[Trial], path: Path) -> None:
    """Write a CSV file, a row a trial: its settings, validation figures, what it cost, why it failed."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
    with whole_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trial", *names, *FIGURES, *COSTS, "error"])
        for trial in trials:
            settings = [told(trial.settings[name]) if name in trial.settings else "" for name in names]
            figures = [f"{trial.figures[name]:.6g}" if trial.figures else "" for name in FIGURES]
            costs = [f"{trial.figures[name]:.10g}" if trial.figures else "" for name in COSTS]
            writer.writerow([trial.number, *settings, *figures, *costs, trial.error])


def table(trials: Sequence[Trial]) -> str:
    """Trials as lines of text, the settings without their group."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.settings))
    head = ["trial", *FIGURES, *(name.partition(".")[2] for name in names), *COSTS]
    rows = [head]
    for trial in trials:
        figures = [f"{trial.figures[name]:.4f}" for name in FIGURES]
        settings = [told(trial.settings[name]) if name in trial.settings else "" for name in names]
        costs = [f"{trial.figures[name]:,.0f}" for name in COSTS]
        rows.append([str(trial.number), *figures, *settings, *costs])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
