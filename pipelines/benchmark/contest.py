"""The data that all contestants of a comparison receive, and how the programs of the tutorials run."""

from __future__ import annotations

import importlib.util
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.utils.stderr import log
from pipelines.benchmark.data_sets import parse_data_set, write_csv
from pipelines.benchmark.process import ProgramResult, run_program

TUTORIALS = Path(__file__).with_name("tutorials")
# The network of the tutorials.
VOCABULARY, CHANNELS, FILTERS, KERNEL_SIZES, BATCH = 20_000, 100, 100, (3, 4, 5), 64
SPLITS = {"data": "train", "validation_data": "dev", "test_data": "test"}
OPTIONS = [f"--{name.replace('_', '-')}" for name in SPLITS]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The data and settings that all contestants receive."""

    folder: Path
    """Folder with ``train.csv``, ``dev.csv`` and ``test.csv``."""
    training_rows: int
    test_rows: int
    length: int
    """Tokens to keep of a text: the 99th percentile of the training texts."""
    characters: bool
    epochs: int
    gflop: float
    """Multiplications and additions, 10⁹, of the convolutions over all epochs, without padding: forward and backward
    for training, forward for validation."""

    @property
    def files(self) -> dict[str, list[str]]:
        """The files of the rows, by the setting of ``Config`` that names them."""
        return {setting: [str(self.folder / f"{name}.csv")] for setting, name in SPLITS.items()}


def iterate_rounds(data: Sequence[str], count: int, **options: Any) -> Iterator[tuple[str, Contest, int]]:
    """Yield the name of each data set, its contest, and the number of each round.

    Args:
        data: Data sets.
        count: Rounds on each data set.
        **options: See ``prepare_contest``.
    """
    for spec in data:
        with tempfile.TemporaryDirectory() as folder:
            contest = prepare_contest(spec, Path(folder), **options)
            for number in range(count):
                yield parse_data_set(spec)[0], contest, number


def prepare_contest(data: str, folder: Path, *, training_rows: int = 0, characters: bool, epochs: int) -> Contest:
    """Write the rows that all contestants use.

    Args:
        data: A data set, see ``parse_data_set``.
        folder: Folder of the files.
        training_rows: Number of training rows, drawn at random; 0: all.
        characters: Whether the tokens are characters.
        epochs: Number of epochs.
    """
    from kerascnn.data.config import SourceConfig
    from kerascnn.data.splits import load_splits

    options = parse_data_set(data)[1]
    places = dict(zip(options[::2], options[1::2], strict=True))
    train, validation, test = ([places[name]] if name in places else [] for name in OPTIONS)
    splits = load_splits(train, validation, test, SourceConfig())
    few = 0 < training_rows < len(splits.train)
    kept = random.Random(0).sample(splits.train, training_rows) if few else splits.train
    for name, rows in {"train": kept, "dev": splits.validation, "test": splits.test}.items():
        write_csv(folder / f"{name}.csv", rows)
    units = len if characters else lambda text: len(text.split())
    lengths = sorted(units(row.text) for row in kept)
    length = max(max(KERNEL_SIZES), lengths[int(0.99 * (len(lengths) - 1))])
    tokens = 3 * sum(min(n, length) for n in lengths) + sum(min(units(row.text), length) for row in splits.validation)
    gflop = epochs * tokens * 2 * sum(KERNEL_SIZES) * CHANNELS * FILTERS / 1e9
    return Contest(
        folder=folder,
        training_rows=len(kept),
        test_rows=len(splits.test),
        length=length,
        characters=characters,
        epochs=epochs,
        gflop=gflop,
    )


def run_tutorial(name: str, contest: Contest, seed: int, *options: str) -> tuple[dict[str, Any], ProgramResult]:
    """Run the script of a tutorial; return the JSON that it printed, and its time and memory. See ``tutorials``."""
    (script,) = TUTORIALS.glob(f"{name}_*.py")
    command = [str(script), str(contest.folder), "--length", str(contest.length)]
    command += ["--epochs", str(contest.epochs), "--seed", str(seed), *["--characters"] * contest.characters, *options]
    result = run_program(name, command)
    return json.loads(result.output.splitlines()[-1]), result


def available_contestants(contestants: Sequence[str]) -> list[str]:
    """Return the contestants without those whose package is not installed, and log which."""
    missing = [name for name in contestants if name in ("torch", "fasttext") and not importlib.util.find_spec(name)]
    for name in missing:
        log(f"the package {name} is not installed; {name} is left out")
    return [name for name in contestants if name not in missing]
