"""How fast raw text is answered: by a bundle and what is exported from it, and by what the tutorials make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import yaml

from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results
from pipelines.benchmark.contest import Task, installed, rounds, tutorial
from pipelines.benchmark.process import run_program

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
    """Who answers; kerascnn with the defaults, once for each artifact. torch is left out where it is not installed."""
    output: str = "inference.csv"
    """CSV file, an artifact a row; rows are added to those that it has."""


def bundle(task: Task, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and figures of our bundle and of each artifact."""
    folder = task.folder / f"bundle-{seed}"
    run_file = {
        "model": "char_cnn" if task.characters else "word_cnn",
        "seed": seed,
        **task.files,
        "training": {"epochs": task.epochs},
    }
    folder.with_suffix(".yaml").write_text(yaml.safe_dump(run_file), encoding="utf-8")
    run_program("train", ["-m", "pipelines.train", "--config", f"{folder}.yaml", "--output", str(folder)])
    run_program("export", ["-m", "pipelines.export", str(folder), *EXPORTS])
    test = task.files["test_data"][0]
    printed, _, _ = run_program("export", ["-m", "pipelines.export", str(folder), "--verify", "--data", test, "--json"])
    for row in json.loads(printed):
        told = {"answers_per_second": row["data_documents_per_second"], "milliseconds": row["data_milliseconds"]}
        yield f"kerascnn, {row['artifact']}", told | {"accuracy": row["accuracy"]}


def run(args: Inference) -> None:
    """Answer in turns, and note each contestant as soon as it is done."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    contestants = installed(args.contestants)
    for data, task, number in rounds(args.data, args.rounds, characters=args.characters, epochs=args.epochs):
        for name, told in answered(contestants, task, number):
            facts = {"contestant": name, "data": data, "round": number, "texts": task.test_rows, "length": task.length}
            file.add(facts | {column: told[column] for column in COLUMNS[-3:]})
            log(
                f"{data}, round {number}: {name} {told['answers_per_second']:,.0f} documents/s,"
                f" {told['milliseconds']:.2f} ms for one"
            )


def answered(contestants: Iterable[str], task: Task, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and figures of all that answers."""
    for contestant in contestants:
        if contestant == "kerascnn":
            yield from bundle(task, seed)
        else:
            yield contestant, tutorial(contestant, task, seed, "--answers")[0]


def table(rows: Iterable[dict[str, str]]) -> str:
    """A Markdown table of medians over the rounds, with ratios to the Keras tutorial's ``predict``."""
    lines = []
    for data, contestants in results.group_by_contestant(rows).items():
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
    return markdown_table(("data", "answered by", "documents/s, all at once", "× keras", "ms, one alone"), lines)
