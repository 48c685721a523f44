"""Compare the exported artifacts of a bundle with the bundle itself, each in the runtime that it is made for."""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.classifier import TextClassifier
from kerascnn.export import mediapipe, onnx, saved_model, tflite
from kerascnn.golden import PredictFn
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.tables import markdown_table

NUM_ROUNDS = 5
# Documents of the data that are also predicted one by one.
MAX_SINGLE_DOCUMENTS = 200
# If all documents of the data are predicted within this time, it is the median of three rounds.
MAX_SECONDS = 5.0
# Documents per call of a SavedModel or an ONNX file, which pad all documents of a call to the longest one.
BATCH_SIZE = 256


@dataclass(frozen=True)
class Artifact:
    """An exported artifact and a function that runs it."""

    name: str
    num_bytes: int
    """Size of all its files."""
    predict_fn: PredictFn
    """From texts to probabilities, (texts, labels)."""


def load_artifacts(classifier: TextClassifier, folder: Path) -> Iterator[Artifact]:
    """Yield the artifacts in the folder of a bundle, its own model first.

    Args:
        classifier: The loaded bundle.
        folder: Its folder.

    Raises:
        InputError: An artifact is damaged or needs a package that is not installed.
    """
    yield Artifact("model.keras", _measure_bytes(folder / "model.keras"), classifier.predict_proba)
    if version := saved_model.latest_version(folder / "serving"):
        predict_fn = predict_in_batches(saved_model.load_predict_fn(version))
        yield Artifact(f"serving/{version.name}", _measure_bytes(version), predict_fn)
    for path in sorted((folder / "edge").glob("model_*.tflite")):
        yield Artifact(f"edge/{path.name}", _measure_bytes(path), tflite.load_predict_fn(path))
    for path in sorted((folder / "edge").glob("mediapipe_*.tflite")):
        yield Artifact(f"edge/{path.name}", _measure_bytes(path), mediapipe.load_predict_fn(path))
    if (path := folder / "onnx" / "model.onnx").exists():
        predict_fn = predict_in_batches(onnx.load_predict_fn(path, classifier.bundle_))
        yield Artifact("onnx/model.onnx", _measure_bytes(path), predict_fn)


def predict_in_batches(predict_fn: PredictFn) -> PredictFn:
    """Return a function that calls another one with at most ``BATCH_SIZE`` texts at a time."""

    def predict(texts: Sequence[str]) -> np.ndarray:
        starts = range(0, len(texts), BATCH_SIZE)
        return np.concatenate([predict_fn(texts[start : start + BATCH_SIZE]) for start in starts])

    return predict


def compare_artifacts(
    classifier: TextClassifier, folder: Path, texts: Sequence[str] = (), labels: Sequence[Any] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the metrics of each artifact on the golden texts, and on labelled documents if there are any.

    Args:
        classifier: The loaded bundle.
        folder: Its folder.
        texts: Documents besides the golden texts.
        labels: Their labels, by name.

    Yields:
        `artifact`, `bytes`, `difference` (maximum absolute difference of a probability), `agreement` (fraction of the
        golden texts with the bundle's prediction), `milliseconds` (median time for one document),
        `documents_per_second` (all documents in one call; ``BATCH_SIZE`` at a time for a SavedModel and an ONNX file).
        With documents also `data_agreement`, `accuracy`, `data_milliseconds` and `data_documents_per_second`.
    """
    golden = read_json(folder / "golden.json")
    golden_probabilities = np.asarray(golden["probabilities"])
    bundle = classifier.bundle_
    targets = bundle.encode_names(labels)
    decide = functools.partial(bundle.task.predict, thresholds=bundle.thresholds)
    reference = None  # the predictions of the first artifact, the bundle's own model
    for artifact in load_artifacts(classifier, folder):
        probabilities = artifact.predict_fn(golden["texts"])
        row = {
            "artifact": artifact.name,
            "bytes": artifact.num_bytes,
            "difference": float(np.abs(probabilities - golden_probabilities).max()),
            "agreement": _compute_agreement(decide(probabilities), decide(golden_probabilities)),
            **_measure_speed(artifact.predict_fn, golden["texts"]),
        }
        if len(texts):
            start = time.perf_counter()
            predictions = decide(artifact.predict_fn(texts))
            seconds = time.perf_counter() - start
            if seconds < MAX_SECONDS:
                others = (_measure_seconds(artifact.predict_fn, texts) for _ in range(2))
                seconds = statistics.median([seconds, *others])
            reference = predictions if reference is None else reference
            row |= {
                "data_agreement": _compute_agreement(predictions, reference),
                "accuracy": _compute_agreement(predictions, targets),
            }
            single = statistics.median(
                _measure_seconds(artifact.predict_fn, [text]) for text in texts[:MAX_SINGLE_DOCUMENTS]
            )
            row |= {"data_milliseconds": 1000 * single, "data_documents_per_second": len(texts) / seconds}
        yield row


def format_markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Format the rows of ``compare_artifacts`` as a Markdown table."""
    columns = {
        "bytes": ("bytes", ","),
        "difference": ("largest difference", ".1e"),
        "agreement": ("agreement", ".1%"),
        "milliseconds": ("ms per document", ".2f"),
        "documents_per_second": ("documents/s", ",.0f"),
        "data_agreement": ("agreement on the data", ".2%"),
        "accuracy": ("accuracy", ".2%"),
        "data_milliseconds": ("ms per document of the data", ".2f"),
        "data_documents_per_second": ("documents/s of the data", ",.0f"),
    }
    keys = [key for key in columns if key in rows[0]]
    head = ["artifact", *(columns[key][0] for key in keys)]
    return markdown_table(
        head, [[row["artifact"], *(format(row[key], columns[key][1]) for key in keys)] for row in rows]
    )


def _compute_agreement(predictions: np.ndarray, others: np.ndarray) -> float:
    """Return the fraction of documents with equal predictions, which have the form of a task's targets."""
    return float(np.mean((predictions == others).reshape(len(predictions), -1).all(axis=1)))


def _measure_speed(predict_fn: PredictFn, texts: Sequence[str]) -> dict[str, float]:
    single: list[float] = []
    together: list[float] = []
    for _ in range(NUM_ROUNDS):
        single += [_measure_seconds(predict_fn, [text]) for text in texts]
        together.append(_measure_seconds(predict_fn, texts))
    return {
        "milliseconds": 1000 * statistics.median(single),
        "documents_per_second": len(texts) / statistics.median(together),
    }


def _measure_seconds(predict_fn: PredictFn, texts: Sequence[str]) -> float:
    start = time.perf_counter()
    predict_fn(texts)
    return time.perf_counter() - start


def _measure_bytes(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
