"""Measure the accuracy of models on data sets over several seeds."""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import annotated_types
import yaml

from kerascnn.utils.atomic_files import atomic_write, read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import baseline, results
from pipelines.benchmark.process import run_program

COLUMNS = (
    "model", "data", "settings", "device", "seed", "fold", "training_rows", "test_rows", "accuracy", "macro_f1",
    "parameters", "epochs", "seconds", "documents_per_second", "model_keras_bytes", "saved_model_bytes",
    "tflite_bytes", "tflite_dynamic_bytes",
)  # fmt: skip
KEY = ("model", "data", "settings", "device", "seed", "fold")
SPLITS = {"--data": ("train",), "--validation-data": ("validation", "dev"), "--test-data": ("test",)}
EXPORTS = ("--format", "saved_model", "tflite", "--quantize", "none", "dynamic")


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Train every model on every data set with every seed, except the trainings that the output file already has."""

    models: tuple[str, ...] = ("word_cnn",)
    """Architectures, and the baseline tfidf_svm: TF-IDF and a linear SVM of scikit-learn."""
    data: tuple[str, ...] = ("demo:bbc",)
    """Data sets: demo:NAME, tfds:NAME, or a folder with the files train, dev (or validation) and test, each csv, tsv,
    jsonl or parquet, also .gz. NAME=SOURCE sets the name in the table."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds, one training each."""
    folds: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of folds of a stratified cross-validation over the rows of all splits, 2 or more; validation data is
    part of the training rows of each fold. 0: use the splits."""
    settings: tuple[str, ...] = ()
    """Settings that differ from the defaults, GROUP.KEY=VALUE, such as training.epochs=3."""
    sizes: bool = False
    """Also export each classifier to SavedModel and TFLite, and store the sizes."""
    device: str = "CPU"
    """Name of the device for the table; results of different devices are not averaged."""
    output: str = "accuracy.csv"
    """CSV file with one row per training; existing rows are kept."""


def parse_data_set(data: str) -> tuple[str, list[str]]:
    """Return the name of a data set, and the options that train on it.

    Raises:
        InputError: A folder lacks the file of a split.
    """
    name, _, place = data.rpartition("=")
    if place.startswith(("demo:", "tfds:")):
        return name or place, ["--data", place]
    options: list[str] = []
    for option, stems in SPLITS.items():
        files = [path for stem in stems for path in sorted(Path(place).glob(f"{stem}.*"))]
        if not files:
            raise InputError(f"{place}: no file {stems[-1]}.csv, .tsv, .jsonl or .parquet, plain or .gz")
        options += [option, str(files[0])]
    return name or Path(place).name, options


def iterate_folds(data: str, folds: int, seed: int, folder: Path) -> Iterator[tuple[int, list[str]]]:
    """Write the files of each fold, and yield its number, from 1, and the options that train and test on it.

    Args:
        data: A data set, see ``parse_data_set``.
        folds: Number of folds.
        seed: Seed of the shuffling.
        folder: Folder of the files, which the next fold overwrites.

    Raises:
        InputError: A class has fewer rows than there are folds, or there is one fold.
    """
    from sklearn.model_selection import StratifiedKFold

    from kerascnn.config import SourceConfig
    from kerascnn.data.sources import read_rows

    options = parse_data_set(data)[1]
    rows = list(read_rows(options[1::2], SourceConfig()))
    rarest, count = min(Counter(row.label for row in rows).items(), key=lambda item: item[1])
    if folds < 2 or count < folds:
        raise InputError(f"--folds {folds}: from 2 to the {count} rows of the label {rarest!r}, the rarest of {data}")
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, [row.label for row in rows])
    for number, split in enumerate(parts, 1):
        for name, positions in zip(("train", "test"), split, strict=True):
            with atomic_write(folder / f"{name}.jsonl") as file:
                for position in positions:
                    row = {"text": rows[position].text, "label": rows[position].label}
                    print(json.dumps(row, ensure_ascii=False), file=file)
        yield number, ["--data", str(folder / "train.jsonl"), "--test-data", str(folder / "test.jsonl")]


def read_bundle(bundle: Path) -> dict[str, Any]:
    """Return the columns that the files of a bundle give."""
    metrics = read_json(bundle / "metrics.json")
    manifest = read_json(bundle / "manifest.json")
    return {
        "model": manifest["model"],
        "training_rows": manifest["data"]["train"]["rows"],
        "test_rows": metrics["test"]["rows"],
        "accuracy": metrics["test"]["accuracy"],
        "macro_f1": metrics["test"]["macro_f1"],
        **{name: metrics[name] for name in ("parameters", "epochs", "seconds", "documents_per_second")},
        "model_keras_bytes": _bytes(bundle, "model.keras"),
        "saved_model_bytes": _bytes(bundle, "serving/**/*"),
        "tflite_bytes": _bytes(bundle, "edge/model_float32.tflite"),
        "tflite_dynamic_bytes": _bytes(bundle, "edge/model_dynamic.tflite"),
    }


def _bytes(folder: Path, files: str) -> int | None:
    """Return the size of the files of an artifact; None if there are none."""
    return sum(path.stat().st_size for path in folder.glob(files) if path.is_file()) or None


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return settings of the form GROUP.KEY=VALUE as a nested dictionary.

    Raises:
        InputError: A setting has another form.
    """
    groups: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        group, dot, key = name.partition(".")
        if not (equals and dot):
            raise InputError(f"--settings {setting}: expected GROUP.KEY=VALUE, such as training.epochs=3")
        groups.setdefault(group, {})[key] = yaml.safe_load(value)
    return groups


def train(
    model: str, options: Sequence[str], settings: Sequence[str], seed: int, exports: Sequence[str]
) -> dict[str, Any]:
    """Train, and export if there are options of an export, in separate processes; return the columns of the result.

    Raises:
        InputError: The training or the export failed, or the baseline was given settings.
    """
    if model == baseline.NAME:
        if settings:
            raise InputError(f"{baseline.NAME} has no settings; leave --settings out")
        return baseline.train(options, seed)
    with tempfile.TemporaryDirectory() as folder:
        run_file = Path(folder) / "run.yaml"
        run_file.write_text(yaml.safe_dump({"model": model, **parse_settings(settings)}), encoding="utf-8")
        bundle = f"{folder}/bundle"
        commands = [("train", *options, "--config", str(run_file), "--seed", str(seed), "--output", bundle)]
        if exports:
            commands.append(("export", bundle, *exports))
        for verb, *arguments in commands:
            run_program(f"{model}, seed {seed}", ["-m", f"pipelines.{verb}", *arguments])
        return read_bundle(Path(bundle))


def run(args: Accuracy) -> None:
    """Run the missing trainings one after another."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    finished = {tuple(row[column] for column in KEY) for row in file.rows}
    settings = " ".join(args.settings)
    named = [(parse_data_set(data)[0], data) for data in args.data]
    for (name, data), model, seed in itertools.product(named, args.models, args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            trainings: Iterable[tuple[int | str, list[str]]] = (
                iterate_folds(data, args.folds, seed, Path(folder)) if args.folds else [("", parse_data_set(data)[1])]
            )
            for fold, options in trainings:
                key = {"data": name, "settings": settings, "device": args.device, "seed": seed, "fold": fold}
                if tuple(str({"model": model, **key}[column]) for column in KEY) in finished:
                    continue
                row = train(model, options, args.settings, seed, EXPORTS if args.sizes else ())
                file.add({**row, **key})
                part = f", fold {fold}" * bool(fold)
                log(f"{name}: {model}, seed {seed}{part}: {row['accuracy']:.2%} in {row['seconds']:.0f} s")


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table with one row per model, data set, settings and device, in the order of the results.

    A seed with folds counts as the mean of its folds.
    """
    lines = []
    for (data, model, settings, device), runs in _grouped(rows).items():
        notes = [settings] * bool(settings) + [device] * (device != "CPU")
        line = [
            data,
            f"{int(runs[0]['training_rows']):,} / {int(runs[0]['test_rows']):,}",
            f"{model} ({', '.join(notes)})" if notes else model,
            f"{int(runs[0]['parameters']) / 1e6:.1f}M",
            _megabytes(runs),
            ", ".join(sorted({run["seed"] for run in runs}, key=int)) + _folds(runs),
            results.format_percent(_by_seed(runs, "accuracy")),
            results.format_percent(_by_seed(runs, "macro_f1")),
        ]
        lines.append(line)
    head = (
        "data",
        "training / test rows",
        "model",
        "parameters",
        "TFLite, 32 / 8 bits",
        "seeds",
        "test accuracy",
        "macro-F1",
    )
    return markdown_table(head, lines)


def comparison(rows: Iterable[dict[str, str]], order: Sequence[str] = ()) -> str:
    """Return a Markdown table of mean accuracies with one row per data set and one column per model.

    A model with pretrained vectors has its own column. Of several results of a model, the one with the fewest changed
    settings counts, or the first of these; a star marks changed settings. The best of a row is bold, and so is what
    lies within one standard deviation of its seeds.

    Args:
        rows: Rows of a results file.
        order: Models of the first columns; after them the most used.
    """
    cells: dict[str, dict[str, tuple[int, list[float]]]] = defaultdict(dict)
    sizes = {}
    for (data, model, settings, _), runs in _grouped(rows).items():
        vectors = "transfer.vectors=" in settings
        column, changed = f"{model}, vectors" if vectors else model, len(settings.split()) - vectors
        sizes[data] = int(runs[0]["training_rows"])
        if column not in cells[data] or changed < cells[data][column][0]:
            cells[data][column] = changed, _by_seed(runs, "accuracy")
    used = Counter(column for line in cells.values() for column in line)
    first = [column for column in order if column in used]
    columns = first + sorted(used.keys() - first, key=lambda column: (-used[column], column))
    lines = [[data, f"{sizes[data]:,}", *_cells(line, columns)] for data, line in cells.items()]
    return markdown_table(("data", "training rows", *columns), lines)


def _cells(line: Mapping[str, tuple[int, list[float]]], columns: Sequence[str]) -> list[str]:
    best = max((seeds for _, seeds in line.values()), key=statistics.mean)
    least = statistics.mean(best) - (statistics.stdev(best) if len(best) > 1 else 0)
    texts = []
    for column in columns:
        changed, seeds = line.get(column, (0, []))
        text = f"{100 * statistics.mean(seeds):.1f}" + "\\*" * bool(changed) if seeds else ""
        texts.append(f"**{text}**" if seeds and len(line) > 1 and statistics.mean(seeds) >= least else text)
    return texts


def _grouped(rows: Iterable[dict[str, str]]) -> dict[tuple[str, ...], list[dict[str, str]]]:
    """Group rows by data set, model, settings and device, in the order of the file."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        groups[row["data"], row["model"], row["settings"], row["device"]].append(row)
    return groups


def _megabytes(runs: Sequence[Mapping[str, str]]) -> str:
    """Format the sizes of the TFLite files of the first exported run; empty if there is none."""
    sizes = next(([run["tflite_bytes"], run["tflite_dynamic_bytes"]] for run in runs if run["tflite_bytes"]), [])
    return " / ".join(f"{int(size) / 1e6:.1f}" for size in sizes) + " MB" * bool(sizes)


def _folds(runs: Sequence[Mapping[str, str]]) -> str:
    folds = {run["fold"] for run in runs} - {""}
    return f" ({len(folds)} folds)" if folds else ""


def _by_seed(runs: Sequence[Mapping[str, str]], column: str) -> list[float]:
    """Return one value per seed, the mean of its folds."""
    seeds: dict[str, list[float]] = defaultdict(list)
    for row in runs:
        seeds[row["seed"]].append(float(row[column]))
    return [statistics.mean(values) for values in seeds.values()]
