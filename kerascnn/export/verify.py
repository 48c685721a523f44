"""Runs every artefact of a bundle with the program it was made for and holds its answers against the bundle's."""

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
ROUNDS = 5
# Documents of the data that are also asked one by one.
ALONE = 200
# Documents that a server is asked at a time: what pads all to the longest would need the memory for all at once.
REQUEST = 256


@dataclass(frozen=True)
class Artefact:
    """A thing that was exported, and a way to run it."""

    name: str
    bytes: int
    """Of all its files."""
    predict: Predict
    """Texts to probabilities (texts, classes)."""


def artefacts(classifier: TextClassifier, folder: Path) -> Iterator[Artefact]:
    """What stands in the folder of a bundle, the bundle's own model first.

    Args:
        classifier: The bundle, loaded.
        folder: Its folder.

    Raises:
        InputError: An artefact is damaged or needs a package that is not installed.
    """
    yield Artefact("model.keras", _size(folder / "model.keras"), classifier.predict_proba)
    if newest := saved_model.newest(folder / "serving"):
        yield Artefact(f"serving/{newest.name}", _size(newest), in_requests(saved_model.runner(newest)))
    for path in sorted((folder / "edge").glob("model_*.tflite")):
        try:
            yield Artefact(f"edge/{path.name}", _size(path), EdgeClassifier(path).predict_proba)
        except ValueError as error:
            raise InputError(str(error)) from None
    for path in sorted((folder / "edge").glob("mediapipe_*.tflite")):
        yield Artefact(f"edge/{path.name}", _size(path), mediapipe.runner(path))
    if (path := folder / "onnx" / "model.onnx").exists():
        yield Artefact("onnx/model.onnx", _size(path), in_requests(onnx.runner(path, classifier.bundle_)))


def in_requests(predict: Predict) -> Predict:
    """Ask for many documents as a client of a server would, ``REQUEST`` at a time."""

    def ask(texts: Sequence[str]) -> np.ndarray:
        return np.concatenate([predict(texts[i : i + REQUEST]) for i in range(0, len(texts), REQUEST)])

    return ask


def table(
    classifier: TextClassifier, folder: Path, texts: Sequence[str] = (), labels: Sequence[Label] = ()
) -> Iterator[dict[str, Any]]:
    """Figures of every artefact, a row each, on the golden texts, and on labelled documents where some are given.

    Args:
        classifier: The bundle, loaded.
        folder: Its folder.
        texts: Documents besides the golden ones.
        labels: Their labels.

    Yields:
        `artefact`, `bytes`, `difference` (the largest of a probability), `agreement` (part of the golden texts that get
        the bundle's label), `milliseconds` (median of one document at a time), `documents_per_second` (of all; a
        SavedModel and an ONNX file are asked for ``REQUEST`` at a time); for documents `data_agreement`, `accuracy`,
        `data_milliseconds` and `data_documents_per_second`.
    """
    golden = read_json(folder / "golden.json")
    expected = np.asarray(golden["probabilities"])
    bundle = classifier.bundle_
    truth = bundle.task.codes(labels, classifier.classes_)
    decide = functools.partial(bundle.task.decide, thresholds=bundle.thresholds)
    given = None  # the labels of the first artefact, the bundle's own model
    for artefact in artefacts(classifier, folder):
        answers = artefact.predict(golden["texts"])
        row = {
            "artefact": artefact.name,
            "bytes": artefact.bytes,
            "difference": float(np.abs(answers - expected).max()),
            "agreement": _same(decide(answers), decide(expected)),
            **_speed(artefact.predict, golden["texts"]),
        }
        if len(texts):
            started = time.perf_counter()
            found = decide(artefact.predict(texts))
            seconds = time.perf_counter() - started
            given = found if given is None else given
            row |= {"data_agreement": _same(found, given), "accuracy": _same(found, truth)}
            alone = statistics.median(_seconds(artefact.predict, [text]) for text in texts[:ALONE])
            row |= {"data_milliseconds": 1000 * alone, "data_documents_per_second": len(texts) / seconds}
        yield row


def _same(answers: np.ndarray, others: np.ndarray) -> float:
    """Part of the documents whose answers, codes of a task, are the same."""
    return float(np.mean((answers == others).reshape(len(answers), -1).all(axis=1)))


def markdown(rows: Sequence[dict[str, Any]]) -> str:
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
    head = ["artefact", *(style[key][0] for key in shown)]
    return model_card.table(
        head, [[row["artefact"], *(format(row[key], style[key][1]) for key in shown)] for row in rows]
    )


def _speed(predict: Predict, texts: Sequence[str]) -> dict[str, float]:
    single, together = [], []
    for _ in range(ROUNDS):
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
