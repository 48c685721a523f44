"""Export TFLite files that MediaPipe's TextClassifier runs on raw text, in Python, on phones and in browsers."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.export import tflite
from kerascnn.export.checks import check_mediapipe
from kerascnn.export.regex_tokenizer import build_pattern, format_vocabulary
from kerascnn.export.tflite_conversion import Precision, convert
from kerascnn.golden import PredictFn
from kerascnn.runtimes.file_hashes import check_file_hashes
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

_COMPILED_MODULE = "mediapipe.tasks.cc.metadata.python"


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[Precision] = ("none",), texts: Sequence[str] = ()
) -> Path:
    """Write ``edge/mediapipe_PRECISION.tflite``; the other files in the folder are kept.

    Args:
        bundle: The classifier, a word model with one label per document.
        bundle_folder: Folder of the bundle.
        quantize: Precisions; each is one file, see ``tflite_conversion.convert``.
        texts: Documents for the calibration of ``int8``; the folder contains none of them.

    Returns:
        The edge folder.

    Raises:
        InputError: MediaPipe cannot run the model, or the extra `mediapipe` is not installed.
    """
    check_mediapipe(bundle_folder, bundle.task, bundle.vectorizer.settings)
    writer_modules = _load_metadata_writers()
    folder = bundle_folder / "edge"
    with atomic_folder(folder, keep=True) as partial:
        for precision, content in convert(bundle, quantize=quantize, texts=texts).items():
            path = partial / f"mediapipe_{tflite.PRECISION_SUFFIXES[precision]}.tflite"
            path.write_bytes(_add_metadata(bundle, content, *writer_modules))
        tflite.write_program(bundle, partial)
    return folder


def load_predict_fn(path: Path) -> PredictFn:
    """Load a file in MediaPipe.

    Returns:
        A function from texts to probabilities, float32 (texts, labels).

    Raises:
        InputError: MediaPipe is not installed or cannot load the file, or the file is changed.
    """
    text_tasks = _import_mediapipe("mediapipe.tasks.python.text")
    check_file_hashes(path.parent, path.with_name("edge.json"), (path.name,))
    try:
        classifier = text_tasks.TextClassifier.create_from_model_path(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: MediaPipe cannot load it ({to_one_line(error)}); export it again") from None

    def classify(text: str) -> list[float]:
        # MediaPipe rejects lone surrogates.
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        [head] = classifier.classify(text).classifications
        return [category.score for category in sorted(head.categories, key=lambda category: category.index)]

    return lambda texts: np.array([classify(text) for text in texts], np.float32)


def _add_metadata(bundle: Bundle, content: bytes, metadata_writer: Any, text_classifier: Any) -> bytes:
    """Add the tokenizer, its vocabulary and the labels to a .tflite file as MediaPipe metadata."""
    with tempfile.TemporaryDirectory() as folder:
        vocabulary_file, labels_file = Path(folder, "vocabulary.txt"), Path(folder, "labels.txt")
        vocabulary_file.write_bytes(format_vocabulary(bundle.vectorizer).encode())
        write_escaped_lines(labels_file, bundle.labels)
        writer = text_classifier.MetadataWriter.create_for_regex_model(
            bytearray(content),
            metadata_writer.RegexTokenizer(build_pattern(bundle.vectorizer.settings), str(vocabulary_file)),
            metadata_writer.Labels().add_from_file(str(labels_file)),
        )
        return bytes(writer.populate()[0])


def _load_metadata_writers() -> tuple[Any, Any]:
    """Import MediaPipe's modules `metadata_writer` and `text_classifier`."""
    _import_mediapipe("mediapipe.tasks")
    if importlib.util.find_spec("mediapipe.tasks.cc") is None:
        # The wheel of MediaPipe 1.2 lacks a compiled module that its writer imports. The writer calls one function of
        # it: the minimum version of a metadata parser, which is 1.2.1 for a RegexTokenizer.
        stub: Any = ModuleType(_COMPILED_MODULE)
        stub._pywrap_metadata_version = stub
        stub.GetMinimumMetadataParserVersion = lambda metadata: "1.2.1"
        sys.modules.setdefault(_COMPILED_MODULE, stub)
    package = "mediapipe.tasks.python.metadata.metadata_writers"
    return _import_mediapipe(f"{package}.metadata_writer"), _import_mediapipe(f"{package}.text_classifier")


def _import_mediapipe(name: str) -> Any:
    # Without PortAudio, MediaPipe keeps an exception of its import forever, and with it all frames below and their
    # variables. A new thread has no frames of this package.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(import_optional, name, "mediapipe").result()
