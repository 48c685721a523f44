"""The folder ``edge`` of a bundle: TFLite files and all that a device needs beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from kerascnn import edge
from kerascnn.bundle import Bundle
from kerascnn.export import tflite_conversion
from kerascnn.golden import PROBES
from kerascnn.manifest import SCHEMA_VERSION
from kerascnn.text import python_tokenizer, vocabulary
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.utils.atomic_files import atomic_folder, sha256, write_json
from kerascnn.utils.optional_packages import import_optional

PRECISION_SUFFIXES: dict[tflite_conversion.Precision, str] = {
    "none": "float32",
    "float16": "float16",
    "dynamic": "dynamic",
    "int8": "int8",
}


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[tflite_conversion.Precision], texts: Sequence[str] = ()
) -> Path:
    """Write TFLite files and what describes them to ``edge/``; files of other precisions that stand there stay.

    Args:
        bundle: The classifier.
        bundle_folder: Its folder.
        quantize: One file each, see ``tflite_conversion.convert``.
        texts: Documents to calibrate ``int8`` on; none of them is written.

    Returns:
        The edge folder.
    """
    folder = bundle_folder / "edge"
    with atomic_folder(folder, keep=True) as beside:
        write_models(bundle, beside, quantize, texts)
        describe(bundle, beside)
    return folder


def write_models(
    bundle: Bundle, folder: Path, quantize: Sequence[tflite_conversion.Precision], texts: Sequence[str]
) -> None:
    """Write TFLite files, each named for its precision."""
    import_optional("ai_edge_litert", "edge")  # runs the files for their golden answers
    for precision, content in tflite_conversion.convert(bundle, quantize=quantize, texts=texts).items():
        (folder / f"model_{PRECISION_SUFFIXES[precision]}.tflite").write_bytes(content)


def describe(bundle: Bundle, folder: Path) -> None:
    """Write how text becomes the input of the files in a folder, what they answer, and a program that runs them."""
    shutil.copy(edge.__file__, folder / "edge.py")
    shutil.copy(python_tokenizer.__file__, folder / "python_tokenizer.py")
    describe_files(bundle, folder)


def describe_files(bundle: Bundle, folder: Path) -> None:
    """Write how text becomes the input of the files in a folder, and what they answer."""
    write_escaped_lines(folder / "labels.txt", bundle.labels)
    if tflite_conversion.input_name(bundle) == "ids":
        vocabulary.write_vocabulary(folder / "vocabulary.txt", bundle.vectorizer.vocabulary)
    files = sorted([*folder.glob("*.tflite"), *folder.glob("*.txt")])
    vectorizer = bundle.vectorizer
    settings = {
        "schema_version": SCHEMA_VERSION,
        "input": tflite_conversion.input_name(bundle),
        "length": vectorizer.settings.max_length,
        "level": "wordpiece" if vectorizer.settings.uses_wordpiece else vectorizer.settings.level,
        "rules": vectorizer.rules,
        "stop_words": list(vectorizer.stop_words),
        "thresholds": bundle.thresholds,
        "files": {path.name: sha256(path) for path in files},
    }
    write_json(folder / "edge.json", settings)
    answers = {}
    for path in sorted(folder.glob("model_*.tflite")):
        classifier = edge.EdgeClassifier(path)
        answers[path.name] = [[float(f"{p:.6g}") for p in row] for row in classifier.predict_proba(PROBES)]
    golden = {
        "texts": PROBES,
        "inputs": [tflite_conversion.encode_input(bundle, text) for text in PROBES],
        "probabilities": answers,
    }
    (folder / "golden.json").write_text(json.dumps(golden, ensure_ascii=False) + "\n", encoding="utf-8")
