"""One process on one core against two on two: training, scoring, and what a training step sends."""

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
from pipelines.benchmark.accuracy import source
from pipelines.benchmark.contest import prepare
from pipelines.benchmark.process import SINGLE_THREAD, run_program

COLUMNS = ("figure", "data", "model", "processes", "batch_size", "round", "value")
TRAINING, SCORING, START = "training documents/s", "scoring documents/s", "seconds until scoring starts"
PREPARING, TEXT = "preparing documents/s", "bytes of a text"
EXCHANGE, NOTHING, UPDATE = "exchange ms", "exchange of nothing ms", "row update us"
DENSE, ROWS, SENT, TABLES = "dense bytes", "embedding rows", "embedding bytes", "embedding table bytes"
FEW = 100
"""Documents of each part of the folder whose scoring tells how long the start takes."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Train and score with one process on one core and with two on two, rounds about; count what a step sends."""

    data: str = "demo:bbc"
    """Data set, as for the accuracy benchmark; a file of results has one."""
    model: str = "word_cnn"
    """Architecture that trains and scores, with its defaults."""
    sent_by: tuple[str, ...] = (
        "bow", "char_cnn", "dpcnn", "rnn", "transformer", "vdcnn", "word_cnn", "zhang_char_cnn",
    )  # fmt: skip
    """Architectures of which it is counted what a training step sends."""
    batch_size: Annotated[int, annotated_types.Ge(2)] = 64
    """Documents of a training step, an even number; of two processes each has half."""
    epochs: Annotated[int, annotated_types.Ge(1)] = 3
    """Passes over the training rows."""
    documents: Annotated[int, annotated_types.Ge(0)] = 400_000
    """How many are scored: the texts of the test data, again and again; 0: none."""
    parts: Annotated[int, annotated_types.Ge(2)] = 8
    """Files in which they lie."""
    cores: tuple[int, int] = (0, 1)
    """Numbers of the processor cores; the first one alone runs what runs on one."""
    rounds: Annotated[int, annotated_types.Ge(1)] = 3
    """Each measurement is taken once a round; the round is the seed."""
    output: str = "scale.csv"
    """CSV file, a figure a row; rows are added to those that it has."""


@dataclass
class Measurement:
    """One run of the benchmark: what it is given, and where its figures go."""

    args: Scale
    folder: Path
    """Holds ``train.csv``, ``dev.csv`` and ``test.csv``."""
    file: results.ResultsFile
    gradients: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By model and batch size, see ``benchmarks.gradient_sizes``."""

    def note(self, figure: str, value: float, *, processes: int = 1, batch: int | str = "", **facts: Any) -> None:
        """Add a figure to the file."""
        known = {"data": source(self.args.data)[0], "model": self.args.model, "round": 0}
        self.file.add({**known, "figure": figure, "processes": processes, "batch_size": batch, "value": value, **facts})


def count(run: Measurement) -> None:
    """Note what a step of each model sends, and how fast texts become ids."""
    args, sizes = run.args, [run.args.batch_size, run.args.batch_size // 2]
    models = list(dict.fromkeys([args.model, *args.sent_by]))
    options = ["--models", *models, "--batch-sizes", *map(str, sizes)]
    command = ["-m", "benchmarks.gradient_sizes", str(run.folder / "train.csv"), *options]
    told = json.loads(run_program("gradients", command, environment=SINGLE_THREAD, cores=args.cores[:1])[0])
    run.gradients = told["gradients"]
    run.note(PREPARING, told["documents_per_second"])
    run.note(TEXT, told["text_bytes"])
    for model in models:
        for size in sizes:
            dense, embeddings = (run.gradients[model][str(size)][key] for key in ("dense_bytes", "embeddings"))
            rows, sent, tables = (
                sum(value(embedding) for embedding in embeddings)
                for value in (lambda e: e["rows"], lambda e: e["rows"] * e["row_bytes"], lambda e: e["table_bytes"])
            )
            for figure, value in {DENSE: dense, ROWS: rows, SENT: sent, TABLES: tables}.items():
                run.note(figure, value, model=model, batch=size)
        log(f"{model}: a step of {size} documents sends {dense + sent:,.0f} bytes, {rows:,.0f} embedding rows in them")


def train(run: Measurement, number: int, processes: int, batch: int, bundle: Path) -> None:
    """Note the speed of a training in which each process has so many documents of each step."""
    command = ["-m", "pipelines.train", "--model", run.args.model, "--output", str(bundle), "--seed", str(number)]
    for option, name in {"--data": "train", "--validation-data": "dev", "--test-data": "test"}.items():
        command += [option, str(run.folder / f"{name}.csv")]
    command += ["--epochs", str(run.args.epochs), "--training.patience", str(run.args.epochs)]
    command += ["--training.batch-size", str(processes * batch)]
    if processes == 1:
        run_program("train", command, environment=SINGLE_THREAD, cores=run.args.cores[:1])
    else:
        run_cluster("train", [*command, "--training.strategy", "multi_worker"], run.args.cores)
    speed = read_json(bundle / "metrics.json")["documents_per_second"]
    run.note(TRAINING, speed, processes=processes, batch=batch, round=number)
    log(f"round {number}: {processes} training, {batch} documents of each step each: {speed:,.0f} documents/s")


def exchange(run: Measurement, number: int, batch: int) -> None:
    """Note how long two processes need to exchange the gradients of a step, computing nothing, and to update a row."""
    gradients = [json.dumps(run.gradients[run.args.model][str(size)]) for size in (batch, 2 * batch)]
    told = json.loads(run_cluster("exchange", ["-m", "benchmarks.all_reduce_time", *gradients], run.args.cores))
    for figure, key in {
        EXCHANGE: "milliseconds", NOTHING: "milliseconds_of_nothing", UPDATE: "row_microseconds",
    }.items():  # fmt: skip
        run.note(figure, told[key], processes=2, batch=batch, round=number)
    log(f"round {number}: exchange {told['milliseconds']:.2f} ms, of nothing {told['milliseconds_of_nothing']:.2f} ms")


def write_parts(folder: Path, texts: Sequence[str], documents: int, parts: int) -> None:
    """Write so many documents, the texts again and again, as Parquet files of one size."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir()
    for part in range(parts):
        numbers = range(part * documents // parts, (part + 1) * documents // parts)
        columns = {"id": list(numbers), "text": [texts[number % len(texts)] for number in numbers]}
        parquet.write_table(pyarrow.table(columns), folder / f"part-{part:05}.parquet")


def score(run: Measurement, number: int, workers: int, bundle: Path) -> None:
    """Note the speed of scoring, and the seconds that its start takes: those of a small folder, less its documents."""
    args, seconds = run.args, {}
    for name in ("few", "many"):
        answers = run.folder / f"answers-{number}-{workers}-{name}"
        options = ["--input", str(run.folder / name), "--output", str(answers)]
        command = ["-m", "pipelines.predict", str(bundle), *options, "--engine", "ray", "--workers", str(workers)]
        seconds[name] = run_program("predict", command, environment=SINGLE_THREAD, cores=args.cores[:workers])[1]
    if seconds["many"] <= seconds["few"]:
        raise InputError(f"--documents {args.documents}: they take no longer than the start differs; give more")
    few = FEW * args.parts
    speed = (args.documents - few) / (seconds["many"] - seconds["few"])
    run.note(SCORING, speed, processes=workers, round=number)
    run.note(START, seconds["few"] - few / speed, processes=workers, round=number)
    log(f"round {number}: {workers} scoring: {speed:,.0f} documents/s after {seconds['few'] - few / speed:.0f} s")


def run(args: Scale) -> None:
    """Measure in turns, and note each figure as soon as it is known."""
    if args.batch_size % 2:
        raise InputError(f"--batch-size {args.batch_size}: two processes have half of it each; give an even number")
    if 0 < args.documents <= FEW * args.parts:
        raise InputError(f"--documents {args.documents}: give 0 or more than {FEW * args.parts}")
    scores = args.documents and importlib.util.find_spec("ray") is not None
    if not scores:
        log("scoring is left out" + " (ray is not installed)" * bool(args.documents))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        prepare(args.data, folder, characters=False, epochs=args.epochs)
        this = Measurement(args, folder, results.ResultsFile(Path(args.output), COLUMNS))
        count(this)
        if scores:
            texts = [row["text"] for row in results.read_results(folder / "test.csv")]
            write_parts(folder / "few", texts, FEW * args.parts, args.parts)
            write_parts(folder / "many", texts, args.documents, args.parts)
        whole, half = args.batch_size, args.batch_size // 2
        for number in range(args.rounds):
            for processes, batch in ((1, whole), (2, half), (1, half)):
                train(this, number, processes, batch, folder / f"bundle-{number}-{processes}-{batch}")
            exchange(this, number, half)
            for workers in (1, 2) if scores else ():
                score(this, number, workers, folder / f"bundle-{number}-1-{whole}")


def figures(rows: Iterable[dict[str, str]]) -> dict[tuple[str, str, int, int], float]:
    """Medians over the rounds, by figure, model, processes and documents of a step of each (0 where there is none).

    Raises:
        InputError: The figures are of more data sets than one.
    """
    rows = list(rows)
    if len(sets := {row["data"] for row in rows}) > 1:
        raise InputError(
            f"figures of {' and '.join(sorted(sets))} in one file; write those of each to another --output"
        )
    groups: dict[tuple[str, str, int, int], list[dict[str, str]]] = {}
    for row in rows:
        key = (row["figure"], row["model"], int(row["processes"]), int(row["batch_size"] or 0))
        groups.setdefault(key, []).append(row)
    return {key: results.median(runs, "value") for key, runs in groups.items()}


def table(rows: Iterable[dict[str, str]]) -> str:
    """Markdown tables: the speeds of one and of two, and what a step sends."""
    rows = list(rows)
    known, data = figures(rows), rows[0]["data"]
    speeds = []
    for figure in (TRAINING, SCORING):
        for (name, model, processes, batch), two in known.items():
            if name == figure and processes == 2:
                one = known[figure, model, 1, 2 * batch]
                work = f"{figure.split()[0]}, {data}, {model}" + f", steps of {2 * batch}" * bool(batch)
                speeds.append([work, f"{one:,.0f}", f"{two:,.0f}", f"{two / one:.2f}"])
    sent = []
    for (name, model, _, batch), dense in known.items():
        if name == DENSE:
            embedded, touched, tables = (known[figure, model, 1, batch] for figure in (SENT, ROWS, TABLES))
            cells = [f"{value:,.0f}" for value in (dense, touched, embedded, dense + embedded, dense + tables)]
            sent.append([model, str(batch), *cells])
    first = markdown_table(("", "one process, documents/s", "two, documents/s", "ratio"), speeds)
    head = (
        "model", "documents of a process and step", "dense bytes", "embedding rows", "their bytes", "bytes in all",
        "bytes if the tables were dense",
    )  # fmt: skip
    return f"{first}\n\n{markdown_table(head, sent)}"
