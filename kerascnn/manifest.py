"""The manifest of a bundle, read without TensorFlow, and the checks of the files that it names."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, cast

from kerascnn.data.label_types import LABEL_TYPES
from kerascnn.data.records import TAGGING_TASK
from kerascnn.utils.atomic_files import finish_replacement, read_json, sha256
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import suggest_address
from kerascnn.utils.sealed_json import describe_change, read_sealed_json
from kerascnn.utils.value_types import check_type

SCHEMA_VERSION = 1
"""Version of the layout of bundles and edge folders."""
INDICATOR_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
)  # fmt: skip
"""NumPy dtypes of an indicator matrix."""
PRETRAINING = "pretraining"
"""Task of a pretrained encoder, which has no labels."""
ENSEMBLE = "ensemble"
"""Name of the model of an ensemble, whose classifiers have bundles of their own."""
CHECKED_FILES = (
    "config.yaml", "vocabulary.txt", "labels.txt", "model.keras", "metrics.json", "history.csv", "golden.json",
)  # fmt: skip
"""Files that loading reads. The model card is not among them: users may edit it."""
SENTENCEPIECE_FILE = "sentencepiece.model"
"""File that a bundle has, and checks, if text is split into SentencePieces."""
CHARACTERS_FILE = "characters.txt"
"""Second vocabulary of a tagger, which it has, and checks, if its tokens are words."""


class Manifest(TypedDict):
    """Content of ``manifest.json`` without its hash; ``saved_models/README.md`` describes the keys."""

    schema_version: int
    task: str
    model: str
    label_type: str
    indicator_dtype: str | None
    scripts: dict[str, float]
    languages: list[str]
    layers: dict[str, list[str]]
    vectorizer: dict[str, Any]
    temperature: float
    thresholds: list[float] | None
    distillation: dict[str, Any] | None
    packages: dict[str, str]
    data: dict[str, dict[str, Any]]
    files: dict[str, str]


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a bundle.

    Raises:
        InputError: The folder is not a bundle, has a newer schema version, or the manifest is damaged.
    """
    finish_replacement(folder)
    path = folder / "manifest.json"
    if not path.is_file():
        remedy = f"; a bundle of the Hugging Face Hub: {address}" if (address := suggest_address(folder)) else ""
        raise InputError(
            f"{folder}: not a bundle (it has no manifest.json); give the folder that training wrote{remedy}"
        )
    values = read_sealed_json(path, schema_version=SCHEMA_VERSION)
    try:
        check_type(values, Manifest)
    except TypeError as error:
        raise InputError(f"{path}: damaged ({error}); copy the bundle again") from None
    manifest = cast("Manifest", values)
    if not 0 < manifest["temperature"] < float("inf"):  # also if it is NaN
        raise InputError(f"{path}: temperature {manifest['temperature']} is not a positive number")
    if manifest["label_type"] not in LABEL_TYPES:
        raise InputError(f"{path}: label_type {manifest['label_type']!r} is none of {', '.join(LABEL_TYPES)}")
    if manifest["indicator_dtype"] not in (None, *INDICATOR_DTYPES):
        raise InputError(f"{path}: indicator_dtype {manifest['indicator_dtype']!r} is no type of numbers")
    if not all(0 <= threshold <= 1 for threshold in manifest["thresholds"] or ()):
        raise InputError(f"{path}: thresholds {manifest['thresholds']} are not numbers from 0 to 1")
    return manifest


def read_classifier_manifest(folder: Path) -> Manifest:
    """Return the manifest of a classifier.

    Raises:
        InputError: As ``read_manifest``, or the bundle is a pretrained encoder.
    """
    manifest = read_manifest(folder)
    if manifest["task"] == PRETRAINING:
        raise InputError(
            f"{folder}: a pretrained encoder has no labels; train a classifier that starts from it:"
            f" --init-from {folder}"
        )
    return manifest


def is_tagger(folder: Path) -> bool:
    """Return whether a bundle has a tag for each token; False if the folder is not a bundle, which loading reports."""
    try:
        return read_manifest(folder)["task"] == TAGGING_TASK
    except InputError:
        return False


def is_ensemble(manifest: Manifest) -> bool:
    """Return whether a bundle is an ensemble."""
    return manifest["model"] == ENSEMBLE


def reject_ensemble(folder: Path, manifest: Manifest, purpose: str = "") -> None:
    """Check that a bundle has a single model.

    Args:
        folder: The bundle.
        manifest: Its manifest.
        purpose: What needs a single model, for the message; empty: an export, a server or another training.

    Raises:
        InputError: The bundle is an ensemble.
    """
    if is_ensemble(manifest):
        needs = purpose or "exports, servers and further training need a single model"
        raise InputError(
            f"{folder}: an ensemble, which has a model for each of its classifiers, and {needs}; make one of it:"
            f" python -m pipelines.distill --teacher {folder} --data TRAINING_DATA"
        )


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return ``metrics.json`` of a bundle.

    Raises:
        InputError: It, or the manifest, is missing or damaged.
    """
    check_files(folder, read_manifest(folder), ("metrics.json",))
    return dict(read_json(folder / "metrics.json"))


def read_history(folder: Path) -> list[dict[str, float]]:
    """Return the rows of ``history.csv`` of a bundle: ``epoch`` and the metrics of each epoch of the training."""
    with open(folder / "history.csv", encoding="utf-8", newline="") as file:
        return [{name: json.loads(value) for name, value in row.items()} for row in csv.DictReader(file)]


def check_files(folder: Path, manifest: Manifest, names: Sequence[str]) -> None:
    """Check that files of a bundle are unchanged.

    Raises:
        InputError: One is missing, or has another hash than in the manifest.
    """
    for name in names:
        check_hash(folder / name, manifest["files"].get(name), "copy the bundle again, or train it again")


def check_hash(path: Path, digest: str | None, remedy: str) -> None:
    """Check that a file has a hash.

    Args:
        path: The file.
        digest: Its SHA-256 hash when it was written.
        remedy: What to do if it has another one, the end of the message.

    Raises:
        InputError: It is missing, cannot be read, or has another hash.
    """
    if not path.is_file():
        raise InputError(f"{path}: missing; {remedy}")
    try:
        found = sha256(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if found != digest:
        change = describe_change(path.read_bytes(), lambda content: hashlib.sha256(content).hexdigest() == digest)
        raise InputError(f"{path}: {change}; {remedy}")
