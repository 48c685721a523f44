"""A TFLite file that MediaPipe's TextClassifier runs on raw text, in Python, on phones and in a browser."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.export import regex_tokenizer, tflite, tflite_conversion
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional

_COMPILED = "mediapipe.tasks.cc.metadata.python"


def export(
    bundle: Bundle, bundle_folder: Path, *, quantize: Sequence[tflite_conversion.Precision], texts: Sequence[str] = ()
) -> Path:
    """Write ``mediapipe_PRECISION.tflite`` files to ``edge/``; other files that stand there stay.

    Args:
        bundle: The classifier, a word model.
        bundle_folder: Its folder.
        quantize: One file each, see ``tflite_conversion.convert``.
        texts: Documents to calibrate ``int8`` on; none of them is written.

    Returns:
        The edge folder.

    Raises:
        InputError: The model is one that MediaPipe cannot run, or the extra `mediapipe` is not installed.
    """
    if bundle.thresholds is not None:
        raise InputError(
            f"{bundle_folder}: multi-label, and MediaPipe's text classifier has no threshold for each label; export it"
            " with --format tflite for devices or --format web for a browser"
        )
    if bundle.vectorizer.settings.level != "word":
        raise InputError(
            f"{bundle_folder}: a character model, and MediaPipe's tokenizer knows words alone; export it with"
            " --format tflite for devices or --format web for a browser"
        )
    if bundle.vectorizer.settings.uses_wordpiece:
        raise InputError(
            f"{bundle_folder}: text.split wordpiece, and the words of MediaPipe's tokenizer stay whole; export it with"
            " --format tflite for devices"
        )
    writers = _writers()
    folder = bundle_folder / "edge"
    with atomic_folder(folder, keep=True) as beside:
        for precision, content in tflite_conversion.convert(bundle, quantize=quantize, texts=texts).items():
            path = beside / f"mediapipe_{tflite.PRECISION_SUFFIXES[precision]}.tflite"
            path.write_bytes(_with_metadata(bundle, content, *writers))
        tflite.describe(bundle, beside)
    return folder


def load_predict_fn(path: Path) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from texts to probabilities (texts, classes) that runs a file in MediaPipe.

    Raises:
        InputError: MediaPipe is not installed or cannot run the file.
    """
    classifiers = _module("mediapipe.tasks.python.text")
    try:
        classifier = classifiers.TextClassifier.create_from_model_path(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: MediaPipe cannot run it ({' '.join(str(error).split())}); export it again") from None

    def classify(text: str) -> list[float]:
        # MediaPipe refuses lone surrogates.
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        [head] = classifier.classify(text).classifications
        return [category.score for category in sorted(head.categories, key=lambda category: category.index)]

    return lambda texts: np.array([classify(text) for text in texts], np.float32)


def _with_metadata(bundle: Bundle, content: bytes, metadata_writer: Any, text_classifier: Any) -> bytes:
    """A .tflite file with the tokenizer, its vocabulary and the labels packed into it, where MediaPipe looks."""
    with tempfile.TemporaryDirectory() as folder:
        tokens, labels = Path(folder, "vocabulary.txt"), Path(folder, "labels.txt")
        tokens.write_bytes(regex_tokenizer.vocabulary(bundle.vectorizer).encode())
        write_escaped_lines(labels, bundle.labels)
        pattern = regex_tokenizer.pattern(bundle.vectorizer.settings)
        writer = text_classifier.MetadataWriter.create_for_regex_model(
            bytearray(content),
            metadata_writer.RegexTokenizer(pattern, str(tokens)),
            metadata_writer.Labels().add_from_file(str(labels)),
        )
        return bytes(writer.populate()[0])


def _writers() -> tuple[Any, Any]:
    """MediaPipe's modules `metadata_writer` and `text_classifier`."""
    _module("mediapipe.tasks")
    if importlib.util.find_spec("mediapipe.tasks.cc") is None:
        # The wheel of MediaPipe 1.2 lacks a compiled module that its writer imports, and asks one thing of: the version
        # of the metadata that can hold what is written, 1.2.1 for a RegexTokenizer.
        stand_in: Any = ModuleType(_COMPILED)
        stand_in._pywrap_metadata_version = stand_in
        stand_in.GetMinimumMetadataParserVersion = lambda metadata: "1.2.1"
        sys.modules.setdefault(_COMPILED, stand_in)
    package = "mediapipe.tasks.python.metadata.metadata_writers"
    return _module(f"{package}.metadata_writer"), _module(f"{package}.text_classifier")


def _module(name: str) -> Any:
    # Where there is no PortAudio, MediaPipe keeps an exception of its import for ever, and with it all frames below and
    # what they hold. In a thread none of these is ours.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(import_optional, name, "mediapipe").result()
