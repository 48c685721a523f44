"""How fast raw text is answered: by a bundle and what is exported from it, and by what the tutorials make."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import yaml

from kerascnn.evaluation import card
from pipelines.benchmark import results
from pipelines.benchmark.accuracy import source
from pipelines.benchmark.contest import Task, installed, measured, prepare, rounded, tutorial
from pipelines.command import say

COLUMNS = ("contestant", "data", "round", "texts", "length", "answers_per_second", "milliseconds", "accuracy")
EXPORTS = ("--format", "saved_model", "tflite", "--quantize", "none", "int8")
Contestant = Literal["kerascnn", "keras", "torch", "sklearn"]


@dataclass(frozen=True, kw_only=True)
class Inference:
    """Let every contestant train, then answer the test texts, all in one call and one by one."""

    data: tuple[str, ...] = ("demo:bbc",)
    """Data sets, as for the accuracy benchmark."""
    characters: bool = False
    """Characters are the tokens instead of words: char_cnn, and the tutorials' network over characters."""
    epochs: Annotated[int, annotated_types.Ge(1)] = 1
    """Passes over the training rows; the speed of the answers does not depend on it."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Each contestant trains and answers once a round; the round is the seed."""
    contestants: tuple[Contestant, ...] = ("kerascnn", "keras", "torch", "sklearn")
    """Who answers; kerascnn with the defaults, once for each artefact. torch is left out where it is not installed."""
    output: str = "inference.csv"
    """CSV file, an artefact a row; rows are added to those that it has."""


def bundle(task: Task, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and figures of our bundle and of each artefact."""
    folder = task.folder / f"bundle-{seed}"
    run_file = {
        "model": "char_cnn" if task.characters else "word_cnn",
        "seed": seed,
        **task.files,
        "training": {"epochs": task.epochs},
    }
    folder.with_suffix(".yaml").write_text(yaml.safe_dump(run_file), encoding="utf-8")
    measured("train", ["-m", "pipelines.train", "--config", f"{folder}.yaml", "--output", str(folder)])
    measured("export", ["-m", "pipelines.export", str(folder), *EXPORTS])
    test = task.files["test_data"][0]
    printed, _, _ = measured("export", ["-m", "pipelines.export", str(folder), "--verify", "--data", test, "--json"])
    for row in json.loads(printed):
        told = {"answers_per_second": row["data_documents_per_second"], "milliseconds": row["data_milliseconds"]}
        yield f"kerascnn, {row['artefact']}", told | {"accuracy": row["accuracy"]}


def run(args: Inference) -> None:
    """Answer in turns, and note each contestant as soon as it is done."""
    path = Path(args.output)
    rows = results.read_if_there(path, COLUMNS)
    contestants = installed(args.contestants)
    for data in args.data:
        with tempfile.TemporaryDirectory() as folder:
            task = prepare(data, Path(folder), characters=args.characters, epochs=args.epochs)
            facts = {"data": source(data)[0], "texts": task.test_rows, "length": task.length}
            for number in range(args.rounds):
                for contestant in contestants:
                    told = (
                        bundle(task, number)
                        if contestant == "kerascnn"
                        else [(contestant, tutorial(contestant, task, number, "--answers")[0])]
                    )
                    for name, figures in told:
                        figures = {column: figures[column] for column in COLUMNS[-3:]}
                        rows.append(rounded({"contestant": name, "round": number, **facts, **figures}))
                        results.write(path, rows, COLUMNS)
                        say(
                            f"{facts['data']}, round {number}: {name} {figures['answers_per_second']:,.0f} documents/s,"
                            f" {figures['milliseconds']:.2f} ms for one"
                        )


def table(rows: Iterable[dict[str, str]]) -> str:
    """A Markdown table of medians over the rounds, with ratios to the Keras tutorial's ``predict``."""
    groups: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["data"]][row["contestant"]].append(row)
    lines = []
    for data, contestants in groups.items():
        speeds, milliseconds = (
            {name: results.median(runs, column) for name, runs in contestants.items()}
            for column in ("answers_per_second", "milliseconds")
        )
        for name, runs in contestants.items():
            line = [
                f"{data}, {int(runs[0]['texts']):,} texts, length {runs[0]['length']}",
                name,
                f"{speeds[name]:,.0f}",
                f"{speeds[name] / speeds['keras']:.1f}" if "keras" in speeds else "",
                f"{milliseconds[name]:.2f}",
            ]
            lines.append(line)
    return card.table(("data", "answered by", "documents/s, all at once", "× keras", "ms, one alone"), lines)
