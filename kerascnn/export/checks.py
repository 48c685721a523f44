"""Checks of exports that need neither TensorFlow nor the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from kerascnn.data.records import TAGGING_TASK
from kerascnn.tasks import Task
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import check_installed

Export = Literal["auto", "none", "tflite", "onnx", "saved_model"]
"""What a training exports at its end."""
PACKAGES = {
    "tflite": ("ai_edge_litert", "edge"),
    "web": ("ai_edge_litert", "edge"),
    "mediapipe": ("mediapipe.tasks", "mediapipe"),
    "onnx": ("tf2onnx", "onnx"),
}
"""Format to the module that it needs, and the extra of that."""
TAGGER_FORMATS = ("saved_model", "tflite", "web", "onnx")
"""Formats of bundles with a tag for each token."""
QUANTIZED_FORMATS = ("tflite", "mediapipe", "web")
"""Formats with precisions; the others have 32 bits."""


def check_export(name: str, *, folder: Path, task: Task, text: TextConfig, quantize: Sequence[str]) -> None:
    """Check a format before any work.

    Args:
        name: The format.
        folder: Folder of the bundle.
        task: Task of the classifier.
        text: Text settings of the classifier.
        quantize: Precisions of the files.

    Raises:
        InputError: The format cannot express a setting, or its package is not installed.
    """
    if task.name == TAGGING_TASK:
        check_tagger_export(name, quantize)
        return
    if name == "web":
        check_web(text, quantize)
    elif name == "mediapipe":
        check_mediapipe(folder, task, text)
    if name in QUANTIZED_FORMATS and text.level == "character":
        check_code_points(text)
    if name in PACKAGES:
        check_installed(*PACKAGES[name])


def check_tagger_export(name: str, quantize: Sequence[str]) -> None:
    """Raise ``InputError`` if a tagger has no such format or precision, or the package of the format is missing."""
    if name not in TAGGER_FORMATS:
        raise InputError(f"--format {name}: the bundle has a tag for each token; give {', '.join(TAGGER_FORMATS)}")
    if "int8" in quantize:
        raise InputError("--quantize int8: sentences have any length, which int8 does not support; give dynamic")
    if name == "web" and len(quantize) != 1:
        raise InputError(f"a web page runs one file; give one --quantize with web, not {', '.join(quantize)}")
    if name in PACKAGES:
        check_installed(*PACKAGES[name])


def check_web(text: TextConfig, quantize: Sequence[str]) -> None:
    """Raise ``InputError`` if the web page cannot run a model with these settings."""
    if len(quantize) != 1:
        raise InputError(f"a web page runs one file; give one --quantize with web, not {', '.join(quantize)}")
    if text.normalize == "nfkc_casefold":
        raise InputError("text.normalize nfkc_casefold: browsers cannot fold case; train with --text.normalize nfkc")
    if text.uses_wordpiece:
        raise InputError(
            "text.split wordpiece: the web page does not split words; export --format tflite or saved_model"
        )


def check_mediapipe(folder: Path, task: Task, text: TextConfig) -> None:
    """Raise ``InputError`` if MediaPipe cannot run a model with these settings."""
    task.require("mediapipe", str(folder))
    if text.level != "word":
        raise InputError(
            f"{folder}: a character model, but MediaPipe's tokenizer knows words only; export --format tflite for"
            " devices or --format web for browsers"
        )
    if text.uses_wordpiece or text.uses_sentencepiece:
        raise InputError(
            f"{folder}: text.split {text.split}, but MediaPipe's tokenizer does not split words; export"
            " --format tflite for devices"
        )
    if text.uses_dictionary:
        raise InputError(
            "text.split dictionary: MediaPipe cannot segment text without spaces; train with --text.split unicode, or"
            " export --format tflite or web"
        )
    if text.stop_words:
        raise InputError(
            "text.stop_words: MediaPipe cannot remove words; train without them, or export --format tflite"
        )


def check_code_points(text: TextConfig) -> None:
    """Raise ``InputError`` if a table from code points to ids cannot express the settings of a character model."""
    for name, supported in (("normalize", "none"), ("stop_words", "")):
        if (value := getattr(text, name)) != supported:
            raise InputError(
                f"text.{name} {value}: the TFLite file of a character model converts code points to ids, which"
                f" cannot express this setting; train with --text.{name} {supported!r}"
            )
