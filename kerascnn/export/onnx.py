"""Export the model as ONNX: from ids to logits, for any number of documents of any length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.data.ragged import RaggedIds
from kerascnn.export.model_check import check_model
from kerascnn.golden import PredictFn
from kerascnn.runtimes.file_hashes import write_file_hashes
from kerascnn.runtimes.onnx import HASHES, load_logits_fn
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.stderr import suppress_native_stderr


def export(bundle: Bundle, bundle_folder: Path) -> Path:
    """Write ``onnx/model.onnx``: `ids` int32 (batch, length), padded with 0, to `logits` float32 (batch, labels).

    Returns:
        The file.

    Raises:
        InputError: The extra `onnx` is not installed, or the model predicts NaN.
    """
    import_optional("tf2onnx", "onnx")
    _register_erfc()
    check_model(bundle)
    folder = bundle_folder / "onnx"
    with atomic_folder(folder) as partial, suppress_native_stderr():
        signature = [keras.InputSpec(shape=(None, None), dtype="int32", name="ids")]
        bundle.model.export(partial / "model.onnx", format="onnx", input_signature=signature, verbose=False)
        write_file_hashes(partial, partial / HASHES)
    return folder / "model.onnx"


def load_predict_fn(path: Path, bundle: Bundle) -> PredictFn:
    """Load an ONNX file.

    Args:
        path: The file.
        bundle: The classifier, which encodes the texts and converts the logits.

    Returns:
        A function from texts to probabilities, float32 (texts, labels).

    Raises:
        InputError: onnxruntime is not installed or cannot load the file, or the file is changed.
    """
    compute_logits = load_logits_fn(path)

    def predict(texts: Sequence[str]) -> np.ndarray:
        ids = RaggedIds(*bundle.vectorizer.encode(texts)).to_padded(np.arange(len(texts)))
        return bundle.task.compute_probabilities(compute_logits(ids), bundle.temperature)

    return predict


def _register_erfc() -> None:
    """Teach tf2onnx the operation Erfc of Keras's exact GELU, which DistilBERT and XLM-R have; ONNX has only Erf."""
    from tf2onnx import handler, utils

    def convert(graph: Any, node: Any, **_: Any) -> None:
        shape, kind = graph.get_shape(node.output[0]), graph.get_dtype(node.output[0])
        one = graph.make_const(utils.make_name("one"), np.ones((), utils.map_onnx_to_numpy_type(kind)))
        erf = graph.make_node("Erf", node.input, shapes=[shape], dtypes=[kind])
        graph.remove_node(node.name)
        inputs = [one.output[0], erf.output[0]]
        graph.make_node("Sub", inputs, name=node.name, outputs=node.output, shapes=[shape], dtypes=[kind])

    handler.tf_op("Erfc").register_compat_handler(convert, 9)
