"""Compare the inference speed on raw text of a bundle, its exports, and the models of the tutorials."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types
import tyro
import yaml

from kerascnn.settings import DataSources, FileName
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results
from pipelines.benchmark.contest import Contest, available_contestants, iterate_rounds, run_tutorial
from pipelines.benchmark.process import run_program

COLUMNS = ("contestant", "data", "round", "texts", "length", "documents_per_second", "milliseconds", "accuracy")
EXPORTS = ("--format", "saved_model", "tflite", "--quantize", "none", "int8")
Contestant = Literal["kerascnn", "keras", "torch", "sklearn", "fasttext"]


@dataclass(frozen=True, kw_only=True)
class Inference:
    """Train every contestant, then predict the test texts, all in one call and one by one."""

    data: DataSources = ("demo:bbc",)
    """Data sets, as for the accuracy benchmark."""
    characters: bool = False
    """Use characters as tokens instead of words: char_cnn, and the tutorials' model over characters."""
    epochs: Annotated[int, annotated_types.Ge(1)] = 1
    """Epochs of each training; the speed of predictions does not depend on it."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Rounds; each contestant trains and predicts once per round, with its number as the seed."""
    contestants: tuple[Contestant, ...] = ("kerascnn", "keras", "torch", "sklearn", "fasttext")
    """Contestants; kerascnn with the defaults, once per artifact. Those whose package is not installed are left out."""
    models: Annotated[tuple[str, ...], tyro.conf.arg(metavar="MODEL [MODEL ...]")] = ()
    """Models of kerascnn; none: word_cnn, with --characters char_cnn."""
    output: FileName = "inference.csv"
    """CSV file with one row per artifact; existing rows are kept."""


def measure_bundle(contest: Contest, model: str, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Train and export a bundle, and yield name and results of the bundle and of each artifact."""
    default = "char_cnn" if contest.characters else "word_cnn"
    folder = contest.folder / f"bundle-{model}-{seed}"
    run_file = {
        "model": model or default,
        "seed": seed,
        **contest.files,
        "training": {"epochs": contest.epochs},
    }
    folder.with_suffix(".yaml").write_text(yaml.safe_dump(run_file), encoding="utf-8")
    options = ["--config", f"{folder}.yaml", "--output", str(folder), "--export=none"]
    run_program("train", ["-m", "pipelines.train", *options])
    run_program("export", ["-m", "pipelines.export", str(folder), *EXPORTS])
    test = contest.files["test_data"][0]
    result = run_program("export", ["-m", "pipelines.export", str(folder), "--verify", "--data", test, "--json"])
    for row in json.loads(result.output):
        measured = {"documents_per_second": row["data_documents_per_second"], "milliseconds": row["data_milliseconds"]}
        name = "kerascnn" if model in ("", default) else f"kerascnn {model}"
        yield f"{name}, {row['artifact']}", measured | {"accuracy": row["accuracy"]}


def run(args: Inference) -> None:
    """Measure in turns and store each result at once."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    contestants = available_contestants(args.contestants)
    for data, contest, number in iterate_rounds(args.data, args.rounds, characters=args.characters, epochs=args.epochs):
        for name, measured in measure_contestants(contestants, args.models or ("",), contest, number):
            facts = {
                "contestant": name,
                "data": data,
                "round": number,
                "texts": contest.test_rows,
                "length": contest.length,
            }
            file.add(facts | {column: measured[column] for column in COLUMNS[-3:]})
            log(
                f"{data}, round {number}: {name} {measured['documents_per_second']:,.0f} documents/s,"
                f" {measured['milliseconds']:.2f} ms for one"
            )


def measure_contestants(
    contestants: Iterable[str], models: Sequence[str], contest: Contest, seed: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and results of every contestant and artifact."""
    for contestant in contestants:
        if contestant == "kerascnn":
            for model in models:
                yield from measure_bundle(contest, model, seed)
        else:
            yield contestant, run_tutorial(contestant, contest, seed, "--predict")[0]


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table of medians over the rounds, with ratios to ``predict`` of the Keras tutorial."""
    lines = []
    for data, contestants in results.group_by_contestant(rows).items():
        speeds, milliseconds = (
            {name: results.median(runs, column) for name, runs in contestants.items()}
            for column in ("documents_per_second", "milliseconds")
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
    return markdown_table(("data", "predicted by", "documents/s, all at once", "× keras", "ms, one alone"), lines)
