"""Train models on data sets with several seeds."""

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
    """Train every model on every data set with every seed; what the output file already holds is not done again."""

    models: tuple[str, ...] = ("word_cnn",)
    """Architectures; tfidf_svm is none, but the yardstick: TF-IDF and a linear SVM of scikit-learn."""
    data: tuple[str, ...] = ("demo:bbc",)
    """Data sets: demo:NAME, tfds:NAME, or a folder with the files train, dev (or validation) and test, each csv, tsv,
    jsonl or parquet, also .gz. NAME=SOURCE gives one the name that stands in the table."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """A training each."""
    folds: Annotated[int, annotated_types.Ge(0)] = 0
    """Cross-validation: the rows of all splits together, in so many parts by class, 2 or more; each is test data once,
    and the rest training data, of which validation data is split off. 0: the splits as they are."""
    settings: tuple[str, ...] = ()
    """Settings that differ from the defaults, GROUP.KEY=VALUE, as training.epochs=3."""
    sizes: bool = False
    """Export each classifier to SavedModel and TFLite as well, and note how large they are."""
    device: str = "CPU"
    """Name of what it runs on; figures of different devices stand apart."""
    output: str = "accuracy.csv"
    """CSV file, a training a row; rows are added to those that it has."""


def source(data: str) -> tuple[str, list[str]]:
    """The name of a data set, and the options that train on it.

    Raises:
        InputError: A folder without a file for each split.
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


def fold_files(data: str, folds: int, seed: int, folder: Path) -> Iterator[tuple[int, list[str]]]:
    """The number of each fold, from 1, and the options that train and test on it.

    Args:
        data: A data set, see ``source``.
        folds: Number of parts.
        seed: Which rows go together.
        folder: Where the files of a fold may lie while it is used.

    Raises:
        InputError: A class has fewer rows than there are folds, or there is one fold.
    """
    from sklearn.model_selection import StratifiedKFold

    from kerascnn.config import SourceConfig
    from kerascnn.data.sources import read_rows

    options = source(data)[1]
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


def figures(bundle: Path) -> dict[str, Any]:
    """The columns that a bundle tells."""
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
    """The size of the files of an artifact; None where there is no such artifact."""
    return sum(path.stat().st_size for path in folder.glob(files) if path.is_file()) or None


def nested(settings: Iterable[str]) -> dict[str, Any]:
    """GROUP.KEY=VALUE as a YAML file has it.

    Raises:
        InputError: A setting that is not of this form.
    """
    groups: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        group, dot, key = name.partition(".")
        if not (equals and dot):
            raise InputError(f"--settings {setting}: expected GROUP.KEY=VALUE, as training.epochs=3")
        groups.setdefault(group, {})[key] = yaml.safe_load(value)
    return groups


def train(
    model: str, options: Sequence[str], settings: Sequence[str], seed: int, exports: Sequence[str]
) -> dict[str, Any]:
    """The figures of one training and, if there are options of an export, of its artifacts, in processes of their own.

    Raises:
        InputError: The training or the export failed, whose last line says why, or the yardstick has no such settings.
    """
    if model == baseline.NAME:
        if settings:
            raise InputError(f"{baseline.NAME} has no settings; leave --settings out")
        return baseline.train(options, seed)
    with tempfile.TemporaryDirectory() as folder:
        run_file = Path(folder) / "run.yaml"
        run_file.write_text(yaml.safe_dump({"model": model, **nested(settings)}), encoding="utf-8")
        bundle = f"{folder}/bundle"
        commands = [("train", *options, "--config", str(run_file), "--seed", str(seed), "--output", bundle)]
        if exports:
            commands.append(("export", bundle, *exports))
        for verb, *arguments in commands:
            run_program(f"{model}, seed {seed}", ["-m", f"pipelines.{verb}", *arguments])
        return figures(Path(bundle))


def run(args: Accuracy) -> None:
    """Do the trainings that are missing, one after another."""
    file = results.ResultsFile(Path(args.output), COLUMNS)
    done = {tuple(row[column] for column in KEY) for row in file.rows}
    settings = " ".join(args.settings)
    named = [(source(data)[0], data) for data in args.data]
    for (name, data), model, seed in itertools.product(named, args.models, args.seeds):
        with tempfile.TemporaryDirectory() as folder:
            trainings = fold_files(data, args.folds, seed, Path(folder)) if args.folds else [("", source(data)[1])]
            for fold, options in trainings:
                key = {"data": name, "settings": settings, "device": args.device, "seed": seed, "fold": fold}
                if tuple(str({"model": model, **key}[column]) for column in KEY) in done:
                    continue
                row = train(model, options, args.settings, seed, EXPORTS if args.sizes else ())
                file.add({**row, **key})
                part = f", fold {fold}" * bool(fold)
                log(f"{name}: {model}, seed {seed}{part}: {row['accuracy']:.2%} in {row['seconds']:.0f} s")


def table(rows: Iterable[dict[str, str]]) -> str:
    """A Markdown table, a line for each model, data set, settings and device, in the order of the rows.

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
    """A Markdown table of mean accuracies, a line for each data set and a column for each model.

    A model with pretrained vectors is a column of its own. Of several settings the fewest count, of equally many the
    first; a star says that they are not the defaults. The best of a line, and what lies within one standard deviation
    of its seeds, is bold.

    Args:
        rows: Those of a results file.
        order: The columns that come first; after them the most used.
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
    """The rows of each data set, model, settings and device, in the order of the file."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        groups[row["data"], row["model"], row["settings"], row["device"]].append(row)
    return groups


def _megabytes(runs: Sequence[Mapping[str, str]]) -> str:
    """The sizes of the TFLite files of the first run that was exported; empty if none was."""
    sizes = next(([run["tflite_bytes"], run["tflite_dynamic_bytes"]] for run in runs if run["tflite_bytes"]), [])
    return " / ".join(f"{int(size) / 1e6:.1f}" for size in sizes) + " MB" * bool(sizes)


def _folds(runs: Sequence[Mapping[str, str]]) -> str:
    folds = {run["fold"] for run in runs} - {""}
    return f" ({len(folds)} folds)" if folds else ""


def _by_seed(runs: Sequence[Mapping[str, str]], column: str) -> list[float]:
    """A value a seed, the mean of its folds."""
    seeds: dict[str, list[float]] = defaultdict(list)
    for row in runs:
        seeds[row["seed"]].append(float(row[column]))
    return [statistics.mean(values) for values in seeds.values()]
