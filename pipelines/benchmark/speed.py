"""Compare the training speed of this package with that of the tutorials, on the same model and rows."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import yaml

from kerascnn.settings import DataSources, FileName
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from kerascnn.utils.tensorflow_startup import onednn_environment
from pipelines.benchmark import results
from pipelines.benchmark.contest import (
    BATCH,
    CHANNELS,
    FILTERS,
    KERNEL_SIZES,
    TUTORIALS,
    VOCABULARY,
    Contest,
    available_contestants,
    iterate_rounds,
    run_tutorial,
)
from pipelines.benchmark.process import run_program

COLUMNS = (
    "contestant", "data", "round", "training_rows", "length", "epochs", "accuracy", "documents_per_second", "seconds",
    "total_seconds", "peak_megabytes", "arithmetic_gflop", "matrix_product_gflops", "cpu_seconds",
)  # fmt: skip
# The model of the tutorials; schedule and label smoothing are the defaults of this package.
NETWORK = {
    "embedding_dim": CHANNELS,
    "filters": FILTERS,
    "kernel_sizes": list(KERNEL_SIZES),
    "dropout": 0.5,
    "embedding_dropout": 0.0,
    "ngrams": [],
    "linear_ngrams": [],
    "start_token": False,
}
Contestant = Literal["kerascnn", "kerascnn, bfloat16", "keras", "torch"]
DTYPE_POLICIES: dict[str, str] = {"kerascnn": "float32", "kerascnn, bfloat16": "mixed_bfloat16"}


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Train one model with this package, as in the Keras tutorials and as in the PyTorch tutorials, in turns."""

    data: DataSources = ("demo:bbc",)
    """Data sets, as for the accuracy benchmark."""
    characters: bool = False
    """Use characters as tokens instead of words."""
    epochs: Annotated[int, annotated_types.Ge(1)] = 3
    """Epochs of each training."""
    training_rows: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of training rows, drawn at random; 0: all."""
    learning_rate: Annotated[float, annotated_types.Gt(0)] = 2e-3
    """Learning rate of this package; the tutorials keep theirs."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Rounds; each contestant trains once per round, with its number as the seed."""
    contestants: tuple[Contestant, ...] = ("kerascnn", "kerascnn, bfloat16", "keras", "torch")
    """Contestants; torch is left out if PyTorch is not installed."""
    output: FileName = "speed.csv"
    """CSV file with one row per training; existing rows are kept."""


def run_contestant(name: str, contest: Contest, seed: int, learning_rate: float) -> dict[str, Any]:
    """Train a contestant in its own process and return the columns that it measures."""
    if name in DTYPE_POLICIES:
        bundle = _write_config(contest, seed, dtype_policy=DTYPE_POLICIES[name], learning_rate=learning_rate)
        command = ["-m", "pipelines.train", "--config", str(bundle.with_suffix(".yaml")), "--output", str(bundle)]
        command += ["--export=none"]
        result = run_program(name, command)
        metrics = read_json(bundle / "metrics.json")
        measured = {"seconds": metrics["seconds"], "accuracy": metrics["test"]["accuracy"]}
    else:
        measured, result = run_tutorial(name, contest, seed)
    return {
        **measured,
        "documents_per_second": contest.epochs * contest.training_rows / measured["seconds"],
        "total_seconds": result.seconds,
        "peak_megabytes": result.peak_megabytes,
        "cpu_seconds": result.cpu_seconds,
    }


def _write_config(contest: Contest, seed: int, **training: Any) -> Path:
    """Write the YAML file of a training, and return the folder of its bundle."""
    bundle = contest.folder / f"{training['dtype_policy']}-{seed}"
    run_file = {
        "model": "word_cnn",
        "seed": seed,
        **contest.files,
        "text": {
            "level": "character" if contest.characters else "word",
            "max_tokens": VOCABULARY,
            "max_length": contest.length,
            "min_count": 1,
        },
        "network": NETWORK,
        "training": {
            "epochs": contest.epochs,
            "batch_size": BATCH,
            "patience": contest.epochs,
            **training,
        },
    }
    bundle.with_suffix(".yaml").write_text(yaml.safe_dump(run_file), encoding="utf-8")
    return bundle


def run(args: Speed) -> None:
    """Train in turns and store each result at once."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    contestants = available_contestants(args.contestants)
    options = {"training_rows": args.training_rows, "characters": args.characters, "epochs": args.epochs}
    for data, contest, number in iterate_rounds(args.data, args.rounds, **options):
        product = run_program(
            "matrix product", [str(TUTORIALS / "matrix_product.py")], environment=onednn_environment()
        )
        rate = json.loads(product.output)["gflops"]
        for contestant in contestants:
            measured = run_contestant(contestant, contest, number, args.learning_rate)
            facts = {"contestant": contestant, "data": data, "round": number, "epochs": contest.epochs}
            facts |= {"training_rows": contest.training_rows, "length": contest.length}
            facts |= {"arithmetic_gflop": contest.gflop, "matrix_product_gflops": rate}
            file.add(facts | measured)
            log(
                f"{data}, round {number}: {contestant} {measured['documents_per_second']:,.0f} documents/s,"
                f" {measured['total_seconds']:.0f} s in total, accuracy {measured['accuracy']:.2%}"
            )


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table of medians over the rounds, with ratios to the Keras and the PyTorch tutorial."""
    lines = []
    for data, contestants in results.group_by_contestant(rows).items():
        speeds = {name: results.median(runs, "documents_per_second") for name, runs in contestants.items()}
        for name, runs in contestants.items():
            needed = float(runs[0]["arithmetic_gflop"])
            shares = [needed / float(run["seconds"]) / float(run["matrix_product_gflops"]) for run in runs]
            line = [
                f"{data}, {int(runs[0]['training_rows']):,} rows, length {runs[0]['length']}",
                name,
                f"{speeds[name]:,.0f}",
                *(f"{speeds[name] / speeds[peer]:.1f}" if peer in speeds else "" for peer in ("keras", "torch")),
                f"{statistics.median(shares):.0%}",
                f"{results.median(runs, 'total_seconds'):.0f}",
                f"{results.median(runs, 'cpu_seconds'):.1f}" if runs[0].get("cpu_seconds") else "",
                f"{results.median(runs, 'peak_megabytes'):,.0f}" if runs[0]["peak_megabytes"] else "",
                results.format_percent([float(run["accuracy"]) for run in runs]),
            ]
            lines.append(line)
    head = ("data", "training", "documents/s", "× keras", "× torch", "of the matrix product's rate", "seconds in total")
    return markdown_table((*head, "CPU seconds in total", "peak MB", "test accuracy"), lines)
