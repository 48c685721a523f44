"""Measure the accuracy of models on data sets over several seeds."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import annotated_types
import tyro
import yaml

from kerascnn.config import load_yaml
from kerascnn.models import list_taggers
from kerascnn.settings import DataSources, FileName
from kerascnn.utils import stderr
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import Log
from pipelines.benchmark import results, tagging
from pipelines.benchmark.baselines import BASELINES, check_baseline, train_baseline
from pipelines.benchmark.baselines.peer import PEERS, check_peer
from pipelines.benchmark.data_sets import check_number, draw_rows, iterate_folds, parse_data_set
from pipelines.benchmark.process import run_program
from pipelines.config_files import find_config, list_configs

COLUMNS = (
    "model", "data", "settings", "device", "seed", "fold", "rows", "training_rows", "test_rows", "accuracy",
    "macro_f1", "parameters", "epochs", "seconds", "documents_per_second", "model_keras_bytes", "saved_model_bytes",
    "tflite_bytes", "tflite_dynamic_bytes",
)  # fmt: skip
KEY = ("model", "data", "settings", "device", "seed", "fold", "rows")
ENSEMBLE_SIGN = "+"
"""Between the models of an ensemble."""
EXPORTS = ("--format", "saved_model", "tflite", "--quantize", "none", "dynamic")


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Train every model on every data set with every seed, except the trainings that the output file already has."""

    models: Annotated[tuple[str, ...], tyro.conf.arg(metavar="MODEL [MODEL ...]")] = ("word_cnn",)
    """Architectures, and baselines whose settings are chosen on the validation rows or by cross-validation: tfidf_svm
    (TF-IDF and a linear SVM of scikit-learn), fasttext (extra benchmark), and logistic regression on the vectors of
    pretrained encoders for English, wordllama and minilm. setfit and model2vec train in environments of their own.
    MODEL+MODEL is an ensemble, weighted by the validation rows if the data has its own. Or taggers, for data with a
    label of each token, whose results have other columns."""
    data: DataSources = ("demo:bbc",)
    """Data sets: demo:NAME, tfds:NAME, or a folder with the files train, dev (or validation; not required) and test,
    each csv, tsv, jsonl, parquet or, with tags, conll or conllu, also .gz. NAME=SOURCE sets the name in the table."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds, one training each."""
    folds: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of folds of a stratified cross-validation over the rows of all splits, 2 or more; validation data is
    part of the training rows of each fold. 0: use the splits."""
    rows: tuple[Annotated[int, annotated_types.Ge(0)], ...] = (0,)
    """Numbers of training rows, one training each: drawn in proportion to the labels, the same of each seed for all
    models. They are all the labels that there are: validation data is left out, networks split their validation rows
    off, and baselines cross-validate. 0: all."""
    unlabelled: Annotated[int, annotated_types.Ge(0)] = 0
    """Number of training rows that were not drawn to use without their labels, for a --settings
    distillation.teacher=MODEL, which is trained first. More than there are: all."""
    settings: Annotated[tuple[str, ...], tyro.conf.arg(metavar="GROUP.KEY=VALUE [...]")] = ()
    """Settings that differ from the defaults, GROUP.KEY=VALUE, such as training.epochs=3; or the name of a YAML file of
    the package, such as small_word, for its model."""
    sizes: bool = False
    """Also export each classifier to SavedModel and TFLite, and store the sizes."""
    setfit_python: FileName = ""
    """Python interpreter of an environment with the package setfit, for the model setfit."""
    model2vec_python: FileName = ""
    """Python interpreter of an environment with the package model2vec[distill,train], for the model model2vec."""
    device: Annotated[str, tyro.conf.arg(metavar="NAME")] = "CPU"
    """Name of the device for the table; results of different devices are not averaged."""
    output: FileName = "accuracy.csv"
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
        **{name: metrics.get(name) for name in ("parameters", "epochs", "documents_per_second")},
        "seconds": round(metrics["seconds"] + metrics.get("refit", {}).get("seconds", 0), 2),
        "model_keras_bytes": _bytes(bundle, "model.keras"),
        "saved_model_bytes": _bytes(bundle, "serving/**/*"),
        "tflite_bytes": _bytes(bundle, "edge/model_float32.tflite"),
        "tflite_dynamic_bytes": _bytes(bundle, "edge/model_dynamic.tflite"),
    }


def _bytes(folder: Path, files: str) -> int | None:
    """Return the size of the files of an artifact; None if there are none."""
    return sum(path.stat().st_size for path in folder.glob(files) if path.is_file()) or None


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return settings of the form GROUP.KEY=VALUE, and those of packaged YAML files, as a nested dictionary.

    Raises:
        InputError: A setting has another form.
    """
    groups: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        group, dot, key = name.partition(".")
        if setting in list_configs():
            values = load_yaml(find_config(setting)).items()
            groups.update({name: {**groups.get(name, {}), **keys} for name, keys in values if isinstance(keys, dict)})
            continue
        if not (equals and dot):
            raise InputError(f"--settings {setting}: expected GROUP.KEY=VALUE, such as training.epochs=3")
        groups.setdefault(group, {})[key] = yaml.safe_load(value)
    return groups


@dataclass(frozen=True, kw_only=True)
class _Trainings:
    """The missing trainings of a model on a data set with a seed: one, or one for each fold."""

    data: str
    model: str
    seed: int
    rows: int
    keys: dict[int | str, dict[str, Any]]
    """Number of each fold, empty without folds, to what identifies its row of the results, except the model."""


def train(
    model: str, options: Sequence[str], settings: Sequence[str], seed: int, exports: Sequence[str]
) -> dict[str, Any]:
    """Train, and export if there are options of an export, in separate processes; return the columns of the result.

    Raises:
        InputError: The training or the export failed.
    """
    if ENSEMBLE_SIGN in model:
        return train_ensemble(model, options, seed)
    groups = parse_settings(settings)
    verb = "distill" if "distillation" in groups else "train"
    with tempfile.TemporaryDirectory() as folder:
        run_file = Path(folder) / "run.yaml"
        run_file.write_text(yaml.safe_dump({"model": model, **groups}), encoding="utf-8")
        bundle = f"{folder}/bundle"
        run_options = ("--config", str(run_file), "--seed", str(seed), "--output", bundle, "--export", "none")
        commands = [(verb, *options, *run_options)]
        if exports:
            commands.append(("export", bundle, *exports))
        for verb, *arguments in commands:
            run_program(f"{model}, seed {seed}", ["-m", f"pipelines.{verb}", *arguments])
        read = tagging.read_bundle if model in list_taggers() else read_bundle
        return {**read(Path(bundle)), "model": model}  # of auto, the bundle has the model that was chosen


def train_ensemble(name: str, options: Sequence[str], seed: int) -> dict[str, Any]:
    """Train the models of an ensemble, combine them, and return the columns of the result.

    Args:
        name: Names of the models, joined by ``ENSEMBLE_SIGN``.
        options: Options that name the data, each followed by one value.
        seed: Seed of the trainings.

    Raises:
        InputError: A training failed.
    """
    sources = dict(zip(options[::2], options[1::2], strict=True))
    data = {"--data": sources.get("--validation-data"), "--test-data": sources["--test-data"]}
    with tempfile.TemporaryDirectory() as folder:
        bundles = [f"{folder}/{number}" for number, _ in enumerate(name.split(ENSEMBLE_SIGN))]
        for bundle, model in zip(bundles, name.split(ENSEMBLE_SIGN), strict=True):
            arguments = ["--model", model, "--seed", str(seed), "--output", bundle, "--export", "none"]
            run_program(f"{model}, seed {seed}", ["-m", "pipelines.train", *options, *arguments])
        combined = [word for option, source in data.items() if source for word in (option, source)]
        arguments = [*bundles, *combined, "--output", f"{folder}/all"]
        run_program(f"{name}, seed {seed}", ["-m", "pipelines.combine", *arguments])
        return {**read_bundle(Path(folder) / "all"), "model": name}


def run(args: Accuracy, log: Log = stderr.log) -> None:
    """Run the missing trainings one after another.

    Args:
        args: The options.
        log: Receives the result of each training.

    Raises:
        InputError: An option or a data set cannot be used, or a training failed.
    """
    interpreters = {"setfit": args.setfit_python, "model2vec": args.model2vec_python}
    _check(args, interpreters)
    has_tags = tagging.has_taggers(args.models)
    file = results.ResultsFile(Path(args.output), tagging.COLUMNS if has_tags else COLUMNS)
    missing = list(_find_missing(args, file.rows))
    for data, rows in dict.fromkeys((trainings.data, trainings.rows) for trainings in missing if trainings.rows):
        check_number(data, rows)
    for trainings in missing:
        name, model, seed = parse_data_set(trainings.data)[0], trainings.model, trainings.seed
        with tempfile.TemporaryDirectory() as folder:
            for fold, options in _prepare(args, trainings, Path(folder)):
                if fold not in trainings.keys:
                    continue
                if model in BASELINES or model in PEERS:
                    row = train_baseline(model, options, seed, interpreters.get(model, ""))
                else:
                    row = train(model, options, args.settings, seed, EXPORTS if args.sizes else ())
                row |= trainings.keys[fold]
                file.add({column: row[column] for column in file.columns if column in row})
                part = f", {trainings.rows} rows" * bool(trainings.rows) + f", fold {fold}" * bool(fold)
                metrics = tagging.format_result(row) if has_tags else f"{row['accuracy']:.2%}"
                log(f"{name}{part}: {model}, seed {seed}: {metrics} in {row['seconds']:.0f} s")


def _check(args: Accuracy, interpreters: Mapping[str, str]) -> None:
    """Check the options before anything is trained.

    Raises:
        InputError: Two options exclude each other, or a package or the environment of a model is missing.
    """
    if args.folds and any(args.rows):
        raise InputError("--folds and --rows cannot be combined; leave one of them out")
    groups = parse_settings(args.settings)
    if args.unlabelled and not (all(args.rows) and "distillation" in groups):
        raise InputError("--unlabelled: needs --rows and --settings distillation.teacher=MODEL")
    if tagging.has_taggers(args.models) and (args.folds or any(args.rows) or args.sizes):
        raise InputError("--folds, --rows and --sizes are for labels of texts, not for tags; leave them out")
    ensembles = [model for model in args.models if ENSEMBLE_SIGN in model]
    if ensembles and (args.settings or args.sizes or args.folds):
        raise InputError(
            f"{ensembles[0]}: an ensemble of models with their defaults; leave --settings, --sizes, --folds"
        )
    for model in args.models:
        if args.settings and (model in BASELINES or model in PEERS):
            raise InputError(f"{model} has no settings; leave --settings out")
        if model in PEERS:
            check_peer(model, interpreters[model])
        check_baseline(model)


def _find_missing(args: Accuracy, rows: Iterable[Mapping[str, Any]]) -> Iterator[_Trainings]:
    """Yield the trainings that are not among the rows of the results."""
    finished = {tuple(row.get(column, "") for column in KEY) for row in rows}
    settings = " ".join([*args.settings, *[f"unlabelled={args.unlabelled}"] * bool(args.unlabelled)])
    folds: list[int | str] = [*range(1, args.folds + 1)] or [""]
    # a data set after the other: its rows and the vectors of its test rows are kept
    for data, model, number, seed in itertools.product(args.data, args.models, args.rows, args.seeds):
        key = {"data": parse_data_set(data)[0], "settings": settings, "device": args.device, "seed": seed}
        columns = {fold: {**key, "rows": number or "", "fold": fold} for fold in folds}
        missing = {fold: one for fold, one in columns.items() if _values({"model": model, **one}) not in finished}
        if missing:
            yield _Trainings(data=data, model=model, seed=seed, rows=number, keys=missing)


def _values(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what identifies a training, as in the results file."""
    return tuple(str(row[column]) for column in KEY)


def _prepare(args: Accuracy, trainings: _Trainings, folder: Path) -> Iterable[tuple[int | str, list[str]]]:
    """Return the number of each fold, empty without folds, and the options of its training."""
    if args.folds:
        return iterate_folds(trainings.data, args.folds, trainings.seed, folder)
    if trainings.rows:
        return [("", draw_rows(trainings.data, trainings.rows, trainings.seed, folder, args.unlabelled))]
    return [("", parse_data_set(trainings.data)[1])]
