"""Measure how training time grows with the number of documents and the vocabulary, on generated text."""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import annotated_types
import numpy as np

from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results
from pipelines.benchmark.process import run_program

COLUMNS = ("documents", "vocabulary", "round", "seconds", "total_seconds", "peak_megabytes", "cpu_seconds")
WORDS = 40
HELD_OUT = 1_000


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Train the default model for one epoch on growing numbers of documents of 40 words with Zipf frequencies."""

    documents: tuple[Annotated[int, annotated_types.Ge(1000)], ...] = (10_000, 100_000, 1_000_000)
    """Numbers of training documents."""
    vocabulary: tuple[Annotated[int, annotated_types.Ge(100)], ...] = (20_000, 200_000)
    """Numbers of distinct words, all of which fit into the vocabulary of the model."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 1
    """Trainings of each size; the number of the round is the seed."""
    output: str = "growth.csv"
    """CSV file with one row per training; existing rows are kept."""


def generate(path: Path, documents: int, vocabulary: int, seed: int) -> None:
    """Write documents of two classes, which use every other word with different frequencies."""
    generator = np.random.default_rng(seed)
    zipf = 1 / np.arange(1, vocabulary + 1)
    tilt = np.where(np.arange(vocabulary) % 2, 1.5, 1.0)
    cumulative = [np.cumsum(weights / weights.sum()) for weights in (zipf * tilt, zipf / tilt)]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        for number in range(documents):
            words = np.searchsorted(cumulative[number % 2], generator.random(WORDS))
            writer.writerow((" ".join(f"w{word}" for word in words), "ab"[number % 2]))


def run(args: Growth) -> None:
    """Train on each size and store each result at once."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    for vocabulary, documents, number in itertools.product(args.vocabulary, args.documents, range(args.rounds)):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            for seed, (name, count) in enumerate({"train": documents, "dev": HELD_OUT, "test": HELD_OUT}.items()):
                generate(folder / f"{name}.csv", count, vocabulary, 3 * number + seed)
            files = [f"--data={folder}/train.csv", f"--validation-data={folder}/dev.csv"]
            files += [f"--test-data={folder}/test.csv", f"--output={folder}/bundle", f"--seed={number}"]
            sizes = ["--export=none", "--epochs=1", f"--text.max-tokens={vocabulary}", "--text.min-count=1"]
            result = run_program("train", ["-m", "pipelines.train", *files, *sizes])
            seconds = read_json(folder / "bundle" / "metrics.json")["seconds"]
        facts: dict[str, Any] = {"documents": documents, "vocabulary": vocabulary, "round": number}
        facts |= {"seconds": seconds, "total_seconds": result.seconds}
        file.add(facts | {"peak_megabytes": result.peak_megabytes, "cpu_seconds": result.cpu_seconds})
        cost = f"{result.seconds:.0f} s in total, {seconds:.0f} s of training"
        log(f"{documents:,} documents, {vocabulary:,} words: {cost}")


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table of medians over the rounds.

    A further document is one that the row above does not have.
    """
    groups: dict[tuple[int, int], list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault((int(row["vocabulary"]), int(row["documents"])), []).append(row)
    lines: list[list[str]] = []
    previous: dict[int, tuple[int, float]] = {}  # the row above, by vocabulary
    for (vocabulary, documents), runs in groups.items():
        seconds, total = (results.median(runs, column) for column in ("seconds", "total_seconds"))
        peak = f"{results.median(runs, 'peak_megabytes'):,.0f}" if runs[0]["peak_megabytes"] else ""
        cpu = f"{1e6 * results.median(runs, 'cpu_seconds') / documents:,.0f}" if runs[0]["cpu_seconds"] else ""
        each, in_all = (f"{1e6 * value / documents:,.0f}" for value in (seconds, total))
        further = ""
        if vocabulary in previous:
            count, before = previous[vocabulary]
            further = f"{1e6 * (seconds - before) / (documents - count):,.0f}"
        previous[vocabulary] = documents, seconds
        lines.append([f"{documents:,}", f"{vocabulary:,}", each, further, in_all, f"{total:.0f}", cpu, peak])
    head = ("documents", "words", "µs of training per document", "µs per further document", "µs in total per document")
    return markdown_table((*head, "seconds in total", "CPU µs per document", "peak MB"), lines)
