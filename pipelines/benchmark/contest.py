"""What the contestants of a comparison are given, and how their programs are run."""

from __future__ import annotations

import csv
import importlib.util
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.utils.stderr import log
from pipelines.benchmark.accuracy import source
from pipelines.benchmark.process import run_program

TUTORIALS = Path(__file__).with_name("tutorials")
# The network of the tutorials.
VOCABULARY, CHANNELS, FILTERS, KERNEL_SIZES, BATCH = 20_000, 100, 100, (3, 4, 5), 64
SPLITS = {"data": "train", "validation_data": "dev", "test_data": "test"}
OPTIONS = [f"--{name.replace('_', '-')}" for name in SPLITS]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all contestants are given."""

    folder: Path
    """Holds ``train.csv``, ``dev.csv`` and ``test.csv``."""
    training_rows: int
    test_rows: int
    length: int
    """Tokens that are kept of a text: the 99th percentile of the training texts."""
    characters: bool
    epochs: int
    gflop: float
    """Multiplications and additions, 10⁹, that the tokens themselves need, padding left out: the convolutions of all
    epochs, forward and backward for training, forward for validation."""

    @property
    def files(self) -> dict[str, list[str]]:
        """The files of the rows, by the setting of a run that names them."""
        return {setting: [str(self.folder / f"{name}.csv")] for setting, name in SPLITS.items()}


def rounds(data: Sequence[str], count: int, **options: Any) -> Iterator[tuple[str, Task, int]]:
    """The name of each data set, what the contestants are given of it, and the number of the round.

    Args:
        data: Data sets.
        count: Rounds on each.
        **options: See ``prepare``.
    """
    for spec in data:
        with tempfile.TemporaryDirectory() as folder:
            task = prepare(spec, Path(folder), **options)
            for number in range(count):
                yield source(spec)[0], task, number


def prepare(data: str, folder: Path, *, training_rows: int = 0, characters: bool, epochs: int) -> Task:
    """Write the same rows for all contestants.

    Args:
        data: A data set, see ``source``.
        folder: Where the rows go.
        training_rows: Only so many of them, drawn at random; 0: all.
        characters: See ``Task``, as ``epochs``.
    """
    from kerascnn.config import SourceConfig
    from kerascnn.data.splits import load_splits

    options = source(data)[1]
    places = dict(zip(options[::2], options[1::2], strict=True))
    train, validation, test = ([places[name]] if name in places else [] for name in OPTIONS)
    splits = load_splits(train, validation, test, SourceConfig())
    few = 0 < training_rows < len(splits.train)
    kept = random.Random(0).sample(splits.train, training_rows) if few else splits.train
    for name, rows in {"train": kept, "dev": splits.validation, "test": splits.test}.items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("text", "label"))
            writer.writerows((row.text, row.label) for row in rows)
    units = len if characters else lambda text: len(text.split())
    lengths = sorted(units(row.text) for row in kept)
    length = max(max(KERNEL_SIZES), lengths[int(0.99 * (len(lengths) - 1))])
    tokens = 3 * sum(min(n, length) for n in lengths) + sum(min(units(row.text), length) for row in splits.validation)
    gflop = epochs * tokens * 2 * sum(KERNEL_SIZES) * CHANNELS * FILTERS / 1e9
    return Task(
        folder=folder,
        training_rows=len(kept),
        test_rows=len(splits.test),
        length=length,
        characters=characters,
        epochs=epochs,
        gflop=gflop,
    )


def tutorial(name: str, task: Task, seed: int, *options: str) -> tuple[dict[str, Any], float, float | None]:
    """What the script of a tutorial told, its seconds in all and its peak memory; see ``tutorials``."""
    (script,) = TUTORIALS.glob(f"{name}_*.py")
    command = [str(script), str(task.folder), "--length", str(task.length), "--epochs", str(task.epochs)]
    command += ["--seed", str(seed), *["--characters"] * task.characters, *options]
    output, total, peak = run_program(name, command)
    return json.loads(output.splitlines()[-1]), total, peak


def installed(contestants: Sequence[str]) -> list[str]:
    """The contestants without PyTorch's if that is not installed, which is said."""
    present = [name for name in contestants if name != "torch" or importlib.util.find_spec("torch")]
    if len(present) < len(contestants):
        log("torch is not installed: left out")
    return present
