"""Compare one process on one core with two processes on two cores, and count the bytes that a training step sends."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import annotated_types

from benchmarks.local_cluster import run_cluster
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results
from pipelines.benchmark.contest import prepare_contest
from pipelines.benchmark.data_sets import parse_data_set
from pipelines.benchmark.process import SINGLE_THREAD, run_program

COLUMNS = ("metric", "data", "model", "processes", "batch_size", "round", "value")
TRAINING, SCORING, START = "training documents/s", "scoring documents/s", "seconds until scoring starts"
PREPARING, TEXT = "preparing documents/s", "bytes per text"
EXCHANGE, NOTHING, UPDATE = "exchange ms", "empty exchange ms", "row update us"
DENSE, ROWS, SENT, TABLES = "dense bytes", "embedding rows", "embedding bytes", "embedding table bytes"
ROW_GROUP = 100_000
"""Rows of a row group of the Parquet files."""
FEW_DOCUMENTS = 100
"""Documents per part of the small folder, which measures how long scoring takes to start."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Train and score with one process on one core and two processes on two cores; count the bytes of a step."""

    data: str = "demo:bbc"
    """Data set, as for the accuracy benchmark; one per results file."""
    model: str = "word_cnn"
    """Architecture to train and score with, with its default settings."""
    sent_by: tuple[str, ...] = ("char_cnn", "dpcnn", "rnn", "transformer", "vdcnn", "word_cnn", "zhang_char_cnn")
    """Architectures for which to count the bytes that a training step sends; bow is solved without steps."""
    batch_size: Annotated[int, annotated_types.Ge(2)] = 64
    """Documents per training step, an even number; each of two processes has half of them."""
    epochs: Annotated[int, annotated_types.Ge(1)] = 3
    """Epochs of each training."""
    documents: Annotated[int, annotated_types.Ge(0)] = 400_000
    """Number of documents to score, which repeat the texts of the test data; 0: no scoring."""
    parts: Annotated[int, annotated_types.Ge(1)] = 8
    """Number of files of these documents; 1: workers share the row groups of one file."""
    cores: tuple[int, int] = (0, 1)
    """Processor cores to use; a single process runs on the first."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Rounds; each takes every measurement once, with its number as the seed."""
    output: str = "scale.csv"
    """CSV file with one row per measurement; existing rows are kept."""


@dataclass
class Measurement:
    """One run of the benchmark: its options, data and results file."""

    args: Scale
    folder: Path
    """Holds ``train.csv``, ``dev.csv`` and ``test.csv``."""
    file: results.ResultsFile
    gradients: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Gradient sizes by model and batch size, see ``benchmarks.gradient_sizes``."""

    def add(self, metric: str, value: float, *, processes: int = 1, batch: int | str = "", **facts: Any) -> None:
        """Add a row to the results file."""
        known = {"data": parse_data_set(self.args.data)[0], "model": self.args.model, "round": 0}
        self.file.add({**known, "metric": metric, "processes": processes, "batch_size": batch, "value": value, **facts})


def count_bytes(run: Measurement) -> None:
    """Measure the gradient sizes of each model, and the speed of making ids of texts."""
    args, sizes = run.args, [run.args.batch_size, run.args.batch_size // 2]
    models = list(dict.fromkeys([args.model, *args.sent_by]))
    options = ["--models", *models, "--batch-sizes", *map(str, sizes)]
    command = ["-m", "benchmarks.gradient_sizes", str(run.folder / "train.csv"), *options]
    printed = run_program("gradients", command, environment=SINGLE_THREAD, cores=args.cores[:1]).output
    measured: dict[str, Any] = json.loads(printed)
    run.gradients = measured["gradients"]
    run.add(PREPARING, measured["documents_per_second"])
    run.add(TEXT, measured["text_bytes"])
    for model in models:
        for size in sizes:
            dense, embeddings = (run.gradients[model][str(size)][key] for key in ("dense_bytes", "embeddings"))
            rows = sum(embedding["rows"] for embedding in embeddings)
            sent = sum(embedding["rows"] * embedding["row_bytes"] for embedding in embeddings)
            tables = sum(embedding["table_bytes"] for embedding in embeddings)
            for metric, value in {DENSE: dense, ROWS: rows, SENT: sent, TABLES: tables}.items():
                run.add(metric, value, model=model, batch=size)
        log(f"{model}: a step of {size} documents sends {dense + sent:,.0f} bytes, {rows:,.0f} embedding rows in them")


def train(run: Measurement, number: int, processes: int, batch: int, bundle: Path) -> None:
    """Measure the speed of a training in which each process has ``batch`` documents per step."""
    command = ["-m", "pipelines.train", "--model", run.args.model, "--output", str(bundle), "--seed", str(number)]
    for option, name in {"--data": "train", "--validation-data": "dev", "--test-data": "test"}.items():
        command += [option, str(run.folder / f"{name}.csv")]
    command += ["--export=none", "--epochs", str(run.args.epochs), "--training.patience", str(run.args.epochs)]
    command += ["--training.batch-size", str(processes * batch)]
    if processes == 1:
        run_program("train", command, environment=SINGLE_THREAD, cores=run.args.cores[:1])
    else:
        run_cluster("train", [*command, "--training.strategy", "multi_worker"], run.args.cores)
    speed = read_json(bundle / "metrics.json")["documents_per_second"]
    run.add(TRAINING, speed, processes=processes, batch=batch, round=number)
    log(f"round {number}: training with {processes} x {batch} documents per step: {speed:,.0f} documents/s")


def time_exchange(run: Measurement, number: int, batch: int) -> None:
    """Measure how long two processes take to exchange the gradients of a step, and to update a row of an embedding."""
    gradients = [json.dumps(run.gradients[run.args.model][str(size)]) for size in (batch, 2 * batch)]
    times = json.loads(run_cluster("exchange", ["-m", "benchmarks.all_reduce_time", *gradients], run.args.cores))
    for metric, key in {
        EXCHANGE: "milliseconds", NOTHING: "milliseconds_of_nothing", UPDATE: "row_microseconds",
    }.items():  # fmt: skip
        run.add(metric, times[key], processes=2, batch=batch, round=number)
    log(f"round {number}: exchange {times['milliseconds']:.2f} ms, empty {times['milliseconds_of_nothing']:.2f} ms")


def write_parts(folder: Path, texts: Sequence[str], documents: int, parts: int) -> None:
    """Write Parquet files of equal size, whose documents repeat the texts."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir()
    for part in range(parts):
        numbers = range(part * documents // parts, (part + 1) * documents // parts)
        columns = {"id": list(numbers), "text": [texts[number % len(texts)] for number in numbers]}
        parquet.write_table(pyarrow.table(columns), folder / f"part-{part:05}.parquet", row_group_size=ROW_GROUP)


def score(run: Measurement, number: int, workers: int, bundle: Path) -> None:
    """Measure the speed of scoring, and its start-up time: the time for a small folder without its documents."""
    args, seconds = run.args, {}
    for name in ("few", "many"):
        output = run.folder / f"predictions-{number}-{workers}-{name}"
        options = ["--input", str(run.folder / name), "--output", str(output)]
        command = ["-m", "pipelines.predict", str(bundle), *options, "--engine", "ray", "--workers", str(workers)]
        result = run_program("predict", command, environment=SINGLE_THREAD, cores=args.cores[:workers])
        seconds[name] = result.seconds
    if seconds["many"] <= seconds["few"]:
        raise InputError(f"--documents {args.documents}: too few to measure beside the start-up time; give more")
    few = FEW_DOCUMENTS * args.parts
    speed = (args.documents - few) / (seconds["many"] - seconds["few"])
    start = seconds["few"] - few / speed
    run.add(SCORING, speed, processes=workers, round=number)
    run.add(START, start, processes=workers, round=number)
    log(f"round {number}: scoring with {workers} workers: {speed:,.0f} documents/s after {start:.0f} s")


def run(args: Scale) -> None:
    """Take the measurements in turns and store each result at once.

    Raises:
        InputError: An option is invalid, or a program failed.
    """
    if args.batch_size % 2:
        raise InputError(f"--batch-size {args.batch_size}: give an even number, which two processes share equally")
    if 0 < args.documents <= FEW_DOCUMENTS * args.parts:
        raise InputError(f"--documents {args.documents}: give 0 or more than {FEW_DOCUMENTS * args.parts}")
    has_scoring = args.documents and importlib.util.find_spec("ray") is not None
    if not has_scoring:
        log("no scoring" + ": ray is not installed" * bool(args.documents))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare_contest(args.data, folder, characters=False, epochs=args.epochs)
        measurement = Measurement(args, folder, results.ResultsFile(Path(args.output), COLUMNS))
        count_bytes(measurement)
        if has_scoring:
            texts = [row["text"] for row in results.read_results(folder / "test.csv")]
            write_parts(folder / "few", texts, FEW_DOCUMENTS * args.parts, args.parts)
            write_parts(folder / "many", texts, args.documents, args.parts)
        whole, half = args.batch_size, args.batch_size // 2
        for number in range(args.rounds):
            for processes, batch in ((1, whole), (2, half), (1, half)):
                train(measurement, number, processes, batch, folder / f"bundle-{number}-{processes}-{batch}")
            time_exchange(measurement, number, half)
            for workers in (1, 2) if has_scoring else ():
                score(measurement, number, workers, folder / f"bundle-{number}-1-{whole}")


def compute_medians(rows: Iterable[dict[str, str]]) -> dict[tuple[str, str, int, int], float]:
    """Return medians over the rounds, by metric, model, processes and documents per process and step (or 0).

    Raises:
        InputError: The results are of several data sets.
    """
    rows = list(rows)
    if len(sets := {row["data"] for row in rows}) > 1:
        raise InputError(f"results of {' and '.join(sorted(sets))} in one file; give each data set its own --output")
    groups: dict[tuple[str, str, int, int], list[dict[str, str]]] = {}
    for row in rows:
        key = (row["metric"], row["model"], int(row["processes"]), int(row["batch_size"] or 0))
        groups.setdefault(key, []).append(row)
    return {key: results.median(runs, "value") for key, runs in groups.items()}


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return two Markdown tables: the speeds of one and of two processes, and the bytes that a step sends."""
    rows = list(rows)
    medians, data = compute_medians(rows), rows[0]["data"]
    speeds = []
    for metric in (TRAINING, SCORING):
        for (name, model, processes, batch), two in medians.items():
            if name == metric and processes == 2:
                one = medians[metric, model, 1, 2 * batch]
                work = f"{metric.split()[0]}, {data}, {model}" + f", steps of {2 * batch}" * bool(batch)
                speeds.append([work, f"{one:,.0f}", f"{two:,.0f}", f"{two / one:.2f}"])
    sent = []
    for (name, model, _, batch), dense in medians.items():
        if name == DENSE:
            embedded, touched, tables = (medians[metric, model, 1, batch] for metric in (SENT, ROWS, TABLES))
            cells = [f"{value:,.0f}" for value in (dense, touched, embedded, dense + embedded, dense + tables)]
            sent.append([model, str(batch), *cells])
    speed_table = markdown_table(("", "one process, documents/s", "two processes, documents/s", "ratio"), speeds)
    headers = (
        "model", "documents per process and step", "dense bytes", "embedding rows", "bytes of these rows",
        "bytes in total", "bytes with dense embeddings",
    )  # fmt: skip
    return f"{speed_table}\n\n{markdown_table(headers, sent)}"
