"""Convert a classifier to TFLite: one document of a fixed length, built-in operations only."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

from kerascnn.bundle import Bundle
from kerascnn.export.code_points import CodePointEncoder
from kerascnn.export.model_check import check_model
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import suppress_native_stderr

Precision = Literal["none", "float16", "dynamic", "int8"]
# Sums over a document have a different range for each length, and their means are small: 8 bits represent neither.
_FLOAT_OPERATIONS = ["DIV", "LOGISTIC", "MAXIMUM", "MUL", "SOFTMAX", "SUM"]
_OPERATION = re.compile(r"tf\.\w+")


def convert(
    bundle: Bundle, *, quantize: Sequence[Precision] = ("none",), texts: Sequence[str] = ()
) -> dict[Precision, bytes]:
    """Convert a classifier to TFLite files of one or more precisions.

    Args:
        bundle: The classifier. The input of a word model is `ids`, that of a character model `code_points`, int32
            (1, max_length), padded with 0; the output is `probabilities`, float32 (1, labels).
        quantize: Precisions. ``none``: float32. ``float16``: weights in half precision. ``dynamic``: 8-bit weights.
            ``int8``: 8-bit weights and activations, calibrated on texts.
        texts: Documents for the calibration of ``int8``.

    Returns:
        The content of a .tflite file for each precision.

    Raises:
        InputError: TFLite has no operation that the model needs, ``int8`` has no texts, or the model predicts NaN.
    """
    if "int8" in quantize and not texts:
        raise InputError("int8 is calibrated on training texts, but there are none; give --calibration-data")
    check_model(bundle)
    with tempfile.TemporaryDirectory() as folder, suppress_native_stderr():
        _write_saved_model(bundle, folder)
        return {precision: _convert(folder, bundle, precision, texts) for precision in quantize}


def input_name(bundle: Bundle) -> Literal["ids", "code_points"]:
    """Return the name of the input: ``ids`` of a word model, ``code_points`` of a character model."""
    return "ids" if bundle.vectorizer.settings.level == "word" else "code_points"


def encode_input(bundle: Bundle, text: str) -> list[int]:
    """Encode a text as ids or code points, without padding."""
    if input_name(bundle) == "ids":
        return bundle.vectorizer.encode_text(text)
    return [ord(character) for character in bundle.vectorizer.tokenize_text(text)]


def pad_input(values: Sequence[int], max_length: int) -> np.ndarray:
    """Pad the input of one document with 0; return int32 (1, max_length)."""
    row = np.zeros((1, max_length), np.int32)
    row[0, : len(values)] = values
    return row


def _convert(saved_model: str, bundle: Bundle, precision: Precision, texts: Sequence[str]) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=["serving_default"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if precision != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        return bytes(_quantize_int8(converter, bundle, texts) if precision == "int8" else converter.convert())
    except Exception as error:
        # the class of the converter's error is not public
        missing = sorted(set(_OPERATION.findall(str(error))))
        if type(error).__name__ != "ConverterError" or not missing:
            raise
        raise InputError(
            f"{bundle.config.model}: TFLite has no operation for {', '.join(missing)}; use another layer in the model"
        ) from None


def _quantize_int8(converter: tf.lite.TFLiteConverter, bundle: Bundle, texts: Sequence[str]) -> bytes:
    """Convert weights and convolutions to 8 bits; means and probabilities stay in float."""
    name, max_length = input_name(bundle), bundle.vectorizer.settings.max_length
    examples = [{name: pad_input(encode_input(bundle, text), max_length)} for text in texts]
    converter.representative_dataset = lambda: examples
    # TensorFlow offers no other way than the debugger to exclude operations from quantization.
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=_FLOAT_OPERATIONS)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=lambda: examples, debug_options=options
    )
    return bytes(debugger.get_nondebug_quantized_model())


def _write_saved_model(bundle: Bundle, folder: str) -> None:
    """Write a SavedModel with one signature: TFLite files made from a Keras 3 function have no weights."""
    to_ids: Callable[[tf.Tensor], tf.Tensor] = tf.identity
    if input_name(bundle) == "code_points":
        to_ids = CodePointEncoder(bundle.vectorizer)
    archive = keras.export.ExportArchive()  # it finds the variables itself
    spec = tf.TensorSpec([1, bundle.vectorizer.settings.max_length], tf.int32, name=input_name(bundle))

    def serve(tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        logits = bundle.model(to_ids(tokens), training=False)
        return {"probabilities": getattr(tf.nn, bundle.task.activation)(logits / bundle.temperature)}

    archive.add_endpoint("serving_default", serve, input_signature=[spec])
    archive.write_out(folder, verbose=False)
