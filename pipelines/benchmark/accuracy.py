"""Measure the accuracy of models on data sets over several seeds."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import annotated_types
import yaml

from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from pipelines.benchmark import results
from pipelines.benchmark.baselines import BASELINES, train_baseline
from pipelines.benchmark.data_sets import draw_rows, iterate_folds, parse_data_set
from pipelines.benchmark.process import run_program

COLUMNS = (
    "model", "data", "settings", "device", "seed", "fold", "rows", "training_rows", "test_rows", "accuracy",
    "macro_f1", "parameters", "epochs", "seconds", "documents_per_second", "model_keras_bytes", "saved_model_bytes",
    "tflite_bytes", "tflite_dynamic_bytes",
)  # fmt: skip
KEY = ("model", "data", "settings", "device", "seed", "fold", "rows")
EXPORTS = ("--format", "saved_model", "tflite", "--quantize", "none", "dynamic")


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Train every model on every data set with every seed, except the trainings that the output file already has."""

    models: tuple[str, ...] = ("word_cnn",)
    """Architectures, and the baselines tfidf_svm (TF-IDF and a linear SVM of scikit-learn) and fasttext (the extra
    fasttext), whose settings are chosen on the validation rows."""
    data: tuple[str, ...] = ("demo:bbc",)
    """Data sets: demo:NAME, tfds:NAME, or a folder with the files train, dev (or validation; not required) and test,
    each csv, tsv, jsonl or parquet, also .gz. NAME=SOURCE sets the name in the table."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds, one training each."""
    folds: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of folds of a stratified cross-validation over the rows of all splits, 2 or more; validation data is
    part of the training rows of each fold. 0: use the splits."""
    rows: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of training rows, drawn in proportion to the labels, the same of each seed for all models. They are all
    the labels that there are: validation data is left out, networks split their validation rows off, and baselines
    cross-validate. 0: all."""
    settings: tuple[str, ...] = ()
    """Settings that differ from the defaults, GROUP.KEY=VALUE, such as training.epochs=3."""
    sizes: bool = False
    """Also export each classifier to SavedModel and TFLite, and store the sizes."""
    device: str = "CPU"
    """Name of the device for the table; results of different devices are not averaged."""
    output: str = "accuracy.csv"
    """CSV file with one row per training; existing rows are kept."""


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
        InputError: The training or the export failed, or a baseline was given settings.
    """
    if model in BASELINES:
        if settings:
            raise InputError(f"{model} has no settings; leave --settings out")
        return train_baseline(model, options, seed)
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
    """Run the missing trainings one after another.

    Raises:
        InputError: An option or a data set cannot be used, or a training failed.
    """
    if args.folds and args.rows:
        raise InputError("--folds and --rows cannot be combined; leave one of them out")
    file = results.ResultsFile(Path(args.output), COLUMNS)
    finished = {tuple(row[column] for column in KEY) for row in file.rows}
    settings = " ".join(args.settings)
    named = [(parse_data_set(data)[0], data) for data in args.data]
    for (name, data), model, seed in itertools.product(named, args.models, args.seeds):
        key = {"data": name, "settings": settings, "device": args.device, "seed": seed, "rows": args.rows or ""}
        keys = [{**key, "fold": fold} for fold in range(1, args.folds + 1)] or [{**key, "fold": ""}]
        missing = {one["fold"]: one for one in keys if _values({"model": model, **one}) not in finished}
        if not missing:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for fold, options in _prepare(args, data, seed, Path(folder)):
                if fold in missing:
                    row = train(model, options, args.settings, seed, EXPORTS if args.sizes else ())
                    file.add({**row, **missing[fold]})
                    part = f", {args.rows} rows" * bool(args.rows) + f", fold {fold}" * bool(fold)
                    log(f"{name}{part}: {model}, seed {seed}: {row['accuracy']:.2%} in {row['seconds']:.0f} s")


def _values(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what identifies a training, as in the results file."""
    return tuple(str(row[column]) for column in KEY)


def _prepare(args: Accuracy, data: str, seed: int, folder: Path) -> Iterable[tuple[int | str, list[str]]]:
    """Return the number of each fold, empty without folds, and the options of its training."""
    if args.folds:
        return iterate_folds(data, args.folds, seed, folder)
    return [("", draw_rows(data, args.rows, seed, folder) if args.rows else parse_data_set(data)[1])]
