"""Train the same network with this package and as the tutorials do, side by side."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import yaml

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
    Task,
    installed,
    rounds,
    tutorial,
)
from pipelines.benchmark.process import run_program

COLUMNS = (
    "contestant", "data", "round", "training_rows", "length", "epochs", "accuracy", "documents_per_second", "seconds",
    "total_seconds", "peak_megabytes", "arithmetic_gflop", "matrix_product_gflops",
)  # fmt: skip
# The network of the tutorials; what it does not fix (schedule, label smoothing) is this package's default.
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
OURS: dict[str, str] = {"kerascnn": "float32", "kerascnn, bfloat16": "mixed_bfloat16"}


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
    """Only so many of the training rows, drawn at random; 0: all."""
    learning_rate: Annotated[float, annotated_types.Gt(0)] = 2e-3
    """Of this package's training; the tutorials' stand as they are written."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Each contestant trains once a round; the round is the seed."""
    contestants: tuple[Contestant, ...] = ("kerascnn", "kerascnn, bfloat16", "keras", "torch")
    """Who trains; torch is left out where it is not installed."""
    output: str = "speed.csv"
    """CSV file, a training a row; rows are added to those that it has."""


def compete(name: str, task: Task, seed: int, learning_rate: float) -> dict[str, Any]:
    """The figures of one contestant's training, in a process of its own."""
    if name in OURS:
        bundle = _bundle(task, seed, dtype_policy=OURS[name], learning_rate=learning_rate)
        command = ["-m", "pipelines.train", "--config", str(bundle.with_suffix(".yaml")), "--output", str(bundle)]
        _, total, peak = run_program(name, command)
        metrics = read_json(bundle / "metrics.json")
        told = {"seconds": metrics["seconds"], "accuracy": metrics["test"]["accuracy"]}
    else:
        told, total, peak = tutorial(name, task, seed)
    return {
        **told,
        "documents_per_second": task.epochs * task.training_rows / told["seconds"],
        "total_seconds": total,
        "peak_megabytes": peak,
    }


def _bundle(task: Task, seed: int, **training: Any) -> Path:
    """Where our training writes, its configuration beside it."""
    bundle = task.folder / f"{training['dtype_policy']}-{seed}"
    run_file = {
        "model": "word_cnn",
        "seed": seed,
        **task.files,
        "text": {
            "level": "character" if task.characters else "word",
            "max_tokens": VOCABULARY,
            "max_length": task.length,
            "min_count": 1,
        },
        "network": NETWORK,
        "training": {
            "epochs": task.epochs,
            "batch_size": BATCH,
            "patience": task.epochs,
            **training,
        },
    }
    bundle.with_suffix(".yaml").write_text(yaml.safe_dump(run_file), encoding="utf-8")
    return bundle


def run(args: Speed) -> None:
    """Train in turns, and note each training as soon as it is done."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    contestants = installed(args.contestants)
    options = {"training_rows": args.training_rows, "characters": args.characters, "epochs": args.epochs}
    for data, task, number in rounds(args.data, args.rounds, **options):
        product = run_program(
            "matrix product", [str(TUTORIALS / "matrix_product.py")], environment=onednn_environment()
        )
        rate = json.loads(product[0])["gflops"]
        for contestant in contestants:
            told = compete(contestant, task, number, args.learning_rate)
            facts = {"contestant": contestant, "data": data, "round": number, "epochs": task.epochs}
            facts |= {"training_rows": task.training_rows, "length": task.length}
            facts |= {"arithmetic_gflop": task.gflop, "matrix_product_gflops": rate}
            file.add(facts | told)
            log(
                f"{data}, round {number}: {contestant} {told['documents_per_second']:,.0f} documents/s,"
                f" {told['total_seconds']:.0f} s in all, accuracy {told['accuracy']:.2%}"
            )


def table(rows: Iterable[dict[str, str]]) -> str:
    """A Markdown table of medians over the rounds, with ratios to the Keras and the PyTorch tutorial."""
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
                f"{results.median(runs, 'peak_megabytes'):,.0f}" if runs[0]["peak_megabytes"] else "",
                results.format_percent([float(run["accuracy"]) for run in runs]),
            ]
            lines.append(line)
    head = ("data", "training", "documents/s", "× keras", "× torch", "of the matrix product's rate", "seconds in all")
    return markdown_table((*head, "peak MB", "test accuracy"), lines)
