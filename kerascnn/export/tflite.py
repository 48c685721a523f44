"""Export TFLite files: the folder ``edge`` of a bundle, with everything that a device needs to run them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerascnn import edge, edge_files
from kerascnn.bundle import Bundle
from kerascnn.export.tflite_conversion import Precision, convert, encode_input, input_name
from kerascnn.golden import PROBES, PredictFn
from kerascnn.manifest import SCHEMA_VERSION, SENTENCEPIECE_FILE
from kerascnn.text import python_sentencepiece, python_tokenizer
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.text.rules import find_tables
from kerascnn.text.vocabulary import write_vocabulary
from kerascnn.utils.atomic_files import atomic_folder, sha256
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.sealed_json import write_sealed_json
from kerascnn.utils.stderr import suppress_native_stderr

PRECISION_SUFFIXES: dict[Precision, str] = {
    "none": "float32",
    "float16": "float16",
    "dynamic": "dynamic",
    "int8": "int8",
}
"""Name of each precision in file names."""


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[Precision] = ("none",), texts: Sequence[str] = ()
) -> Path:
    """Write ``edge/model_PRECISION.tflite`` and its description; existing files of other precisions are kept.

    Args:
        bundle: The classifier.
        bundle_folder: Folder of the bundle.
        quantize: Precisions; each is one file, see ``tflite_conversion.convert``.
        texts: Documents for the calibration of ``int8``; the folder contains none of them.

    Returns:
        The edge folder.

    Raises:
        InputError: The model cannot be converted, or the extra `edge` is not installed.
    """
    folder = bundle_folder / "edge"
    with atomic_folder(folder, keep=True) as partial:
        write_models(bundle, partial, quantize, texts)
        write_program(bundle, partial)
    return folder


def load_predict_fn(path: Path) -> PredictFn:
    """Load a TFLite file.

    Returns:
        A function from texts to probabilities, float32 (texts, labels).

    Raises:
        InputError: The file or one that it needs is missing or damaged.
    """
    try:
        return edge.EdgeClassifier(path).predict_proba
    except ValueError as error:
        raise InputError(str(error)) from None


def write_models(bundle: Bundle, folder: Path, quantize: Sequence[Precision], texts: Sequence[str]) -> None:
    """Write one TFLite file per precision."""
    import_optional("ai_edge_litert", "edge")  # computes the golden answers of the files
    for precision, content in convert(bundle, quantize=quantize, texts=texts).items():
        (folder / f"model_{PRECISION_SUFFIXES[precision]}.tflite").write_bytes(content)


def write_program(bundle: Bundle, folder: Path) -> None:
    """Write the Python program that runs the TFLite files of a folder, and their description."""
    shutil.copy(edge.__file__, folder / "edge.py")
    for module in (edge_files, python_tokenizer):
        shutil.copy(str(module.__file__), folder)
    if bundle.vectorizer.sentencepiece:
        shutil.copy(python_sentencepiece.__file__, folder)
    write_description(bundle, folder)


def write_description(bundle: Bundle, folder: Path) -> None:
    """Write ``edge.json``, which describes the input of the TFLite files in a folder, and their golden answers."""
    vectorizer = bundle.vectorizer
    level: str = vectorizer.settings.level
    write_escaped_lines(folder / "labels.txt", bundle.labels)
    if vectorizer.sentencepiece:
        level = "sentencepiece"
        (folder / SENTENCEPIECE_FILE).write_bytes(vectorizer.sentencepiece.serialize())
    elif input_name(bundle) == "ids":
        level = "wordpiece" if vectorizer.settings.uses_wordpiece else level
        write_vocabulary(folder / "vocabulary.txt", vectorizer.vocabulary)
    suffixes = (".tflite", ".txt", ".model", ".py")
    files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.suffix in suffixes}
    description = {
        "schema_version": SCHEMA_VERSION,
        "task": bundle.task.name,
        "input": input_name(bundle),
        "max_length": vectorizer.settings.max_length,
        "level": level,
        "rules": vectorizer.rules,
        "unicode": find_tables(vectorizer.rules),
        "stop_words": list(vectorizer.stop_words),
        "thresholds": bundle.thresholds,
        "files": files,
    }
    write_sealed_json(folder / "edge.json", description)
    probabilities = {path.name: _predict_probes(path) for path in sorted(folder.glob("model_*.tflite"))}
    golden = {
        "texts": PROBES,
        "inputs": [encode_input(bundle, text) for text in PROBES],
        "probabilities": probabilities,
        "labels": {name: bundle.decide(np.array(rows)) for name, rows in probabilities.items()},
    }
    path = folder / "golden.json"
    path.write_text(
        json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8", newline="\n"
    )
    # the program that computes the golden answers reads edge.json, so that their hash comes last
    write_sealed_json(folder / "edge.json", {**description, "files": {**files, path.name: sha256(path)}})


def _predict_probes(path: Path) -> list[list[float]]:
    """Return the rounded probabilities of the golden texts.

    Raises:
        InputError: One is NaN.
    """
    with suppress_native_stderr():
        rows = load_predict_fn(path)(PROBES)
    return [[float(f"{p:.6g}") for p in row] for row in rows]
