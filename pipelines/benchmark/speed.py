"""Train the same network with this package and as the tutorials do, side by side."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import yaml

from kerascnn.errors import InputError
from kerascnn.evaluation import card
from kerascnn.files import read_json
from pipelines.benchmark import results
from pipelines.benchmark.accuracy import source
from pipelines.command import say

COLUMNS = (
    "contestant", "data", "round", "training_rows", "length", "epochs", "accuracy", "documents_per_second", "seconds",
    "total_seconds", "peak_megabytes", "arithmetic_gflop", "matrix_product_gflops",
)  # fmt: skip
SPLITS = {"data": "train", "validation_data": "dev", "test_data": "test"}
OPTIONS = [f"--{name.replace('_', '-')}" for name in SPLITS]
TUTORIALS = Path(__file__).with_name("tutorials")
# The network of the tutorials; what it does not fix (schedule, label smoothing) is this package's default.
VOCABULARY, CHANNELS, FILTERS, KERNEL_SIZES, BATCH = 20_000, 100, 100, (3, 4, 5), 64
NETWORK = {
    "embedding_dim": CHANNELS,
    "filters": FILTERS,
    "kernel_sizes": list(KERNEL_SIZES),
    "dropout": 0.5,
    "embedding_dropout": 0.0,
    "ngrams": [],
    "start_token": False,
}
Contestant = Literal["kerascnn", "kerascnn, bfloat16", "keras", "torch"]
OURS: dict[Contestant, str] = {"kerascnn": "float32", "kerascnn, bfloat16": "mixed_bfloat16"}


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Train one network, rounds about: by this package, as the Keras tutorials do, and as the PyTorch ones do."""

    data: tuple[str, ...] = ("demo:bbc",)
    """Data sets, as for the accuracy benchmark."""
    characters: bool = False
    """Characters are the tokens instead of words."""
    epochs: Annotated[int, annotated_types.Ge(1)] = 3
    """Passes over the training rows."""
    training_rows: Annotated[int, annotated_types.Ge(0)] = 0
    """Only so many of the training rows, the first ones; 0: all."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Each contestant trains once a round; the round is the seed."""
    contestants: tuple[Contestant, ...] = ("kerascnn", "kerascnn, bfloat16", "keras", "torch")
    """Who trains; torch is left out where it is not installed."""
    output: str = "speed.csv"
    """CSV file, a training a row; rows are added to those that it has."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all contestants are given."""

    folder: Path
    """Holds ``train.csv``, ``dev.csv`` and ``test.csv``."""
    training_rows: int
    length: int
    """Tokens that are kept of a text: the 99th percentile of the training texts."""
    characters: bool
    epochs: int
    gflop: float
    """Multiplications and additions, 10⁹, that the tokens themselves need, padding left out: the convolutions of all
    epochs, forward and backward for training, forward for validation."""


def prepare(data: str, args: Speed, folder: Path) -> Task:
    """Write the same rows for all contestants."""
    from kerascnn.config import Source
    from kerascnn.data.splits import load_splits

    options = source(data)[1]
    places = dict(zip(options[::2], options[1::2], strict=True))
    train, validation, test = ([places[name]] if name in places else [] for name in OPTIONS)
    splits = load_splits(train, validation, test, Source())
    kept = splits.train[: args.training_rows or None]
    for name, rows in {"train": kept, "dev": splits.validation, "test": splits.test}.items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("text", "label"))
            writer.writerows((row.text, row.label) for row in rows)
    units = len if args.characters else lambda text: len(text.split())
    lengths = sorted(units(row.text) for row in kept)
    length = max(max(KERNEL_SIZES), lengths[int(0.99 * (len(lengths) - 1))])
    tokens = 3 * sum(min(n, length) for n in lengths) + sum(min(units(row.text), length) for row in splits.validation)
    gflop = args.epochs * tokens * 2 * sum(KERNEL_SIZES) * CHANNELS * FILTERS / 1e9
    return Task(
        folder=folder,
        training_rows=len(kept),
        length=length,
        characters=args.characters,
        epochs=args.epochs,
        gflop=gflop,
    )


def compete(name: Contestant, task: Task, seed: int) -> dict[str, Any]:
    """The figures of one contestant's training, in a process of its own."""
    if name in OURS:
        bundle = _bundle(task, seed, OURS[name])
        command = ["-m", "pipelines.train", "--config", str(bundle.with_suffix(".yaml")), "--output", str(bundle)]
        _, total, peak = measured(name, command)
        metrics = read_json(bundle / "metrics.json")
        told = {"seconds": metrics["seconds"], "accuracy": metrics["test"]["accuracy"]}
    else:
        command = [str(TUTORIALS / f"{name}_textcnn.py"), str(task.folder), "--length", str(task.length)]
        command += ["--epochs", str(task.epochs), "--seed", str(seed), *["--characters"] * task.characters]
        output, total, peak = measured(name, command)
        told = json.loads(output.splitlines()[-1])
    return {
        **told,
        "documents_per_second": task.epochs * task.training_rows / told["seconds"],
        "total_seconds": total,
        "peak_megabytes": peak,
    }


def _bundle(task: Task, seed: int, precision: str) -> Path:
    """Where our training writes, its configuration beside it."""
    bundle = task.folder / f"{precision}-{seed}"
    run_file = {
        "model": "word_cnn",
        "seed": seed,
        **{key: [str(task.folder / f"{name}.csv")] for key, name in SPLITS.items()},
        "text": {
            "level": "char" if task.characters else "word",
            "max_tokens": VOCABULARY,
            "max_length": task.length,
            "min_count": 1,
        },
        "network": NETWORK,
        "training": {
            "epochs": task.epochs,
            "batch_size": BATCH,
            "patience": task.epochs,
            "precision": precision,
        },
    }
    bundle.with_suffix(".yaml").write_text(yaml.safe_dump(run_file), encoding="utf-8")
    return bundle


def measured(name: str, command: Sequence[str]) -> tuple[str, float, float | None]:
    """Run a Python process to its end.

    Returns:
        What it printed, its seconds, and its peak memory in megabytes (None where the system does not tell).

    Raises:
        InputError: It failed; its last line says why.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([sys.executable, *command], stdout=output, stderr=errors, text=True)
        peak = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            # the kernel counts in kilobytes, on macOS in bytes
            peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        process.wait()
        seconds = time.perf_counter() - start
        for file in (output, errors):
            file.seek(0)
        if process.returncode:
            raise InputError(f"{name}: {(errors.read().strip().splitlines() or ['failed'])[-1]}")
        return output.read(), seconds, peak


def run(args: Speed) -> None:
    """Train in turns, and note each training as soon as it is done."""
    path = Path(args.output)
    rows = results.read_if_there(path, COLUMNS)
    contestants = list(args.contestants)
    if "torch" in contestants and not importlib.util.find_spec("torch"):
        contestants.remove("torch")
        say("torch is not installed: left out")
    for data in args.data:
        name = source(data)[0]
        with tempfile.TemporaryDirectory() as folder:
            task = prepare(data, args, Path(folder))
            for number in range(args.rounds):
                rate = json.loads(measured("matrix product", [str(TUTORIALS / "matrix_product.py")])[0])["gflops"]
                for contestant in contestants:
                    told = compete(contestant, task, number)
                    facts = {"contestant": contestant, "data": name, "round": number, "epochs": task.epochs}
                    facts |= {"training_rows": task.training_rows, "length": task.length}
                    facts |= {"arithmetic_gflop": task.gflop, "matrix_product_gflops": rate}
                    rows.append(_rounded(facts | told))
                    results.write(path, rows, COLUMNS)
                    say(
                        f"{name}, round {number}: {contestant} {told['documents_per_second']:,.0f} documents/s,"
                        f" {told['total_seconds']:.0f} s in all, accuracy {told['accuracy']:.2%}"
                    )


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: float(f"{value:.5g}") if isinstance(value, float) else value for name, value in row.items()}


def table(rows: Iterable[dict[str, str]]) -> str:
    """A Markdown table of medians over the rounds, with ratios to the Keras and the PyTorch tutorial."""
    groups: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["data"]][row["contestant"]].append(row)
    lines = []
    for data, contestants in groups.items():
        speeds = {name: _median(runs, "documents_per_second") for name, runs in contestants.items()}
        for name, runs in contestants.items():
            needed = float(runs[0]["arithmetic_gflop"])
            shares = [needed / float(run["seconds"]) / float(run["matrix_product_gflops"]) for run in runs]
            line = [
                f"{data}, {int(runs[0]['training_rows']):,} rows, length {runs[0]['length']}",
                name,
                f"{speeds[name]:,.0f}",
                *(f"{speeds[name] / speeds[peer]:.1f}" if peer in speeds else "" for peer in ("keras", "torch")),
                f"{statistics.median(shares):.0%}",
                f"{_median(runs, 'total_seconds'):.0f}",
                f"{_median(runs, 'peak_megabytes'):,.0f}" if runs[0]["peak_megabytes"] else "",
                results.percent([float(run["accuracy"]) for run in runs]),
            ]
            lines.append(line)
    head = ("data", "training", "documents/s", "× keras", "× torch", "of the matrix product's rate", "seconds in all")
    return card.table((*head, "peak MB", "test accuracy"), lines)


def _median(runs: Sequence[dict[str, str]], column: str) -> float:
    return statistics.median(float(run[column]) for run in runs)
