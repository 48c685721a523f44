"""Runs every artifact of a bundle with the program it was made for and holds its answers against the bundle's."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.classifier import TextClassifier
from kerascnn.data.records import Label
from kerascnn.edge import EdgeClassifier
from kerascnn.evaluation import model_card
from kerascnn.export import mediapipe, onnx, saved_model
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError

Predict = Callable[[Sequence[str]], np.ndarray]
NUM_ROUNDS = 5
# Documents of the data that are also asked one by one.
MAX_SINGLE_DOCUMENTS = 200
# Documents that a server is asked at a time: what pads all to the longest would need the memory for all at once.
BATCH_SIZE = 256


@dataclass(frozen=True)
class Artifact:
    """A thing that was exported, and a way to run it."""

    name: str
    bytes: int
    """Of all its files."""
    predict: Predict
    """Texts to probabilities (texts, classes)."""


def load_artifacts(classifier: TextClassifier, folder: Path) -> Iterator[Artifact]:
    """What stands in the folder of a bundle, the bundle's own model first.

    Args:
        classifier: The bundle, loaded.
        folder: Its folder.

    Raises:
        InputError: An artifact is damaged or needs a package that is not installed.
    """
    yield Artifact("model.keras", _size(folder / "model.keras"), classifier.predict_proba)
    if newest := saved_model.latest_version(folder / "serving"):
        yield Artifact(f"serving/{newest.name}", _size(newest), predict_in_batches(saved_model.load_predict_fn(newest)))
    for path in sorted((folder / "edge").glob("model_*.tflite")):
        try:
            yield Artifact(f"edge/{path.name}", _size(path), EdgeClassifier(path).predict_proba)
        except ValueError as error:
            raise InputError(str(error)) from None
    for path in sorted((folder / "edge").glob("mediapipe_*.tflite")):
        yield Artifact(f"edge/{path.name}", _size(path), mediapipe.load_predict_fn(path))
    if (path := folder / "onnx" / "model.onnx").exists():
        yield Artifact(
            "onnx/model.onnx", _size(path), predict_in_batches(onnx.load_predict_fn(path, classifier.bundle_))
        )


def predict_in_batches(predict: Predict) -> Predict:
    """Ask for many documents as a client of a server would, ``BATCH_SIZE`` at a time."""

    def ask(texts: Sequence[str]) -> np.ndarray:
        return np.concatenate([predict(texts[i : i + BATCH_SIZE]) for i in range(0, len(texts), BATCH_SIZE)])

    return ask


def compare_artifacts(
    classifier: TextClassifier, folder: Path, texts: Sequence[str] = (), labels: Sequence[Label] = ()
) -> Iterator[dict[str, Any]]:
    """Figures of every artifact, a row each, on the golden texts, and on labelled documents where some are given.

    Args:
        classifier: The bundle, loaded.
        folder: Its folder.
        texts: Documents besides the golden ones.
        labels: Their labels.

    Yields:
        `artifact`, `bytes`, `difference` (the largest of a probability), `agreement` (part of the golden texts that get
        the bundle's label), `milliseconds` (median of one document at a time), `documents_per_second` (of all; a
        SavedModel and an ONNX file are asked for ``BATCH_SIZE`` at a time); for documents `data_agreement`, `accuracy`,
        `data_milliseconds` and `data_documents_per_second`.
    """
    golden = read_json(folder / "golden.json")
    expected = np.asarray(golden["probabilities"])
    bundle = classifier.bundle_
    truth = bundle.task.encode(labels, classifier.classes_)
    decide = functools.partial(bundle.task.predict, thresholds=bundle.thresholds)
    given = None  # the labels of the first artifact, the bundle's own model
    for artifact in load_artifacts(classifier, folder):
        answers = artifact.predict(golden["texts"])
        row = {
            "artifact": artifact.name,
            "bytes": artifact.bytes,
            "difference": float(np.abs(answers - expected).max()),
            "agreement": _same(decide(answers), decide(expected)),
            **_speed(artifact.predict, golden["texts"]),
        }
        if len(texts):
            started = time.perf_counter()
            found = decide(artifact.predict(texts))
            seconds = time.perf_counter() - started
            given = found if given is None else given
            row |= {"data_agreement": _same(found, given), "accuracy": _same(found, truth)}
            alone = statistics.median(_seconds(artifact.predict, [text]) for text in texts[:MAX_SINGLE_DOCUMENTS])
            row |= {"data_milliseconds": 1000 * alone, "data_documents_per_second": len(texts) / seconds}
        yield row


def _same(answers: np.ndarray, others: np.ndarray) -> float:
    """Part of the documents whose answers, codes of a task, are the same."""
    return float(np.mean((answers == others).reshape(len(answers), -1).all(axis=1)))


def format_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows of ``table`` for people."""
    style = {
        "bytes": ("bytes", ","),
        "difference": ("largest difference", ".1e"),
        "agreement": ("agreement", ".1%"),
        "milliseconds": ("ms a document", ".2f"),
        "documents_per_second": ("documents/s", ",.0f"),
        "data_agreement": ("agreement on the data", ".2%"),
        "accuracy": ("accuracy", ".2%"),
        "data_milliseconds": ("ms a document of the data", ".2f"),
        "data_documents_per_second": ("documents/s of the data", ",.0f"),
    }
    shown = [key for key in style if key in rows[0]]
    head = ["artifact", *(style[key][0] for key in shown)]
    return model_card.table(
        head, [[row["artifact"], *(format(row[key], style[key][1]) for key in shown)] for row in rows]
    )


def _speed(predict: Predict, texts: Sequence[str]) -> dict[str, float]:
    single, together = [], []
    for _ in range(NUM_ROUNDS):
        single += [_seconds(predict, [text]) for text in texts]
        together.append(_seconds(predict, texts))
    return {
        "milliseconds": 1000 * statistics.median(single),
        "documents_per_second": len(texts) / statistics.median(together),
    }


def _seconds(predict: Predict, texts: Sequence[str]) -> float:
    started = time.perf_counter()
    predict(texts)
    return time.perf_counter() - started


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
