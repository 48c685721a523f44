"""TFLite files for phones, browsers and small computers: one document of fixed length, builtin operations only."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from kerascnn.bundle import Bundle
from kerascnn.export.code_points import CodePoints
from kerascnn.utils.errors import InputError

Precision = Literal["none", "float16", "dynamic", "int8"]
# A sum over a document has another size for each length, and the mean of it is small: 8 bits hold neither.
_IN_FLOAT = ["DIV", "LOGISTIC", "MAXIMUM", "MUL", "SOFTMAX", "SUM"]
_OPERATION = re.compile(r"tf\.\w+")


def convert(
    bundle: Bundle, *, quantize: Sequence[Precision] = ("none",), texts: Sequence[str] = ()
) -> dict[Precision, bytes]:
    """Convert a classifier to files of one precision or more.

    Args:
        bundle: The classifier. A word model takes `ids`, a character model `code_points`, int32 (1, max_length),
            padded with 0; both give `probabilities`, float32 (1, classes).
        quantize: One file each. ``none``: float32. ``float16``: weights of half the size. ``dynamic``: weights of 8
            bits. ``int8``: weights and, after calibration, what flows between them.
        texts: Documents to calibrate ``int8`` on.

    Returns:
        Precision to the content of a .tflite file.

    Raises:
        InputError: The model needs an operation that TFLite does not have, or ``int8`` was given no texts.
    """
    if "int8" in quantize and not texts:
        raise InputError("int8 is calibrated on training texts, and there are none")
    with tempfile.TemporaryDirectory() as folder:
        _archive(bundle, folder)
        return {precision: _convert(folder, bundle, precision, texts) for precision in quantize}


def _convert(archive: str, bundle: Bundle, quantize: Precision, texts: Sequence[str]) -> bytes:
    """The content of the file of one precision, from what ``_archive`` wrote."""
    converter = tf.lite.TFLiteConverter.from_saved_model(archive, signature_keys=["serving_default"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        return _quantized(converter, bundle, texts) if quantize == "int8" else converter.convert()
    except Exception as error:
        # the class of the converter's error is not public
        missing = sorted(set(_OPERATION.findall(str(error))))
        if type(error).__name__ != "ConverterError" or not missing:
            raise
        raise InputError(
            f"{bundle.config.model}: TFLite has no operation for {', '.join(missing)}; use another layer there"
        ) from None


def _quantized(converter: tf.lite.TFLiteConverter, bundle: Bundle, texts: Sequence[str]) -> bytes:
    """Weights and convolutions in 8 bits, averages and probabilities in float."""
    vectorizer = bundle.vectorizer
    examples = [
        {input_name(bundle): pad_input(encode_input(bundle, text), vectorizer.settings.max_length)} for text in texts
    ]
    converter.representative_dataset = lambda: examples
    # The debugger is what TensorFlow has to leave operations out.
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=_IN_FLOAT)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=lambda: examples, debug_options=options
    )
    return debugger.get_nondebug_quantized_model()


def input_name(bundle: Bundle) -> str:
    """Name of the input: ``ids`` of a word model, ``code_points`` of a character model."""
    return "ids" if bundle.vectorizer.settings.level == "word" else "code_points"


def encode_input(bundle: Bundle, text: str) -> list[int]:
    """What the file takes for a text, without padding."""
    vectorizer = bundle.vectorizer
    if vectorizer.settings.level == "word":
        return vectorizer.encode_text(text)
    return [ord(character) for character in vectorizer.tokenize_text(text)]


def _archive(bundle: Bundle, folder: str) -> None:
    """A SavedModel of the one signature, because TFLite made from a Keras 3 function lacks its weights."""
    to_ids: Callable[[tf.Tensor], tf.Tensor] = tf.identity
    if input_name(bundle) == "code_points":
        to_ids = CodePoints(bundle.vectorizer)
    archive = keras.export.ExportArchive()  # finds the variables by itself
    spec = tf.TensorSpec([1, bundle.vectorizer.settings.max_length], tf.int32, name=input_name(bundle))

    def probabilities(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = bundle.model(to_ids(tokens), training=False)
        return {"probabilities": getattr(tf.nn, bundle.task.activation)(logits / bundle.temperature)}

    archive.add_endpoint("serving_default", probabilities, input_signature=[spec])
    archive.write_out(folder, verbose=False)


def pad_input(numbers: Sequence[int], length: int) -> np.ndarray:
    """Numbers as a file takes them, int32 (1, length)."""
    row = np.zeros((1, length), np.int32)
    row[0, : len(numbers)] = numbers
    return row
