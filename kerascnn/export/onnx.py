"""The network as ONNX: ids to probabilities, any number of documents of any length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.data.batches import RaggedIds
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional


def export(bundle: Bundle, bundle_folder: Path) -> Path:
    """Write ``onnx/model.onnx``: `ids` int32 (batch, length), padded with 0, to `logits` float32 (batch, classes).

    Raises:
        InputError: The extra `onnx` is not installed.
    """
    import_optional("tf2onnx", "onnx")
    folder = bundle_folder / "onnx"
    with atomic_folder(folder) as beside:
        signature = [keras.InputSpec(shape=(None, None), dtype="int32", name="ids")]
        bundle.model.export(beside / "model.onnx", format="onnx", input_signature=signature, verbose=False)
    return folder / "model.onnx"


def load_predict_fn(path: Path, bundle: Bundle) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from texts to probabilities (texts, classes) that runs an ONNX file.

    Raises:
        InputError: onnxruntime is not installed or cannot read the file.
    """
    onnxruntime = import_optional("onnxruntime", "onnx")
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InputError(
            f"{path}: onnxruntime cannot run it ({' '.join(str(error).split())}); export it again"
        ) from None
    [given] = session.get_inputs()

    def predict(texts: Sequence[str]) -> np.ndarray:
        ids = RaggedIds(*bundle.vectorizer.encode(texts)).to_padded(np.arange(len(texts)))
        [logits] = session.run(None, {given.name: np.asarray(ids)})
        return bundle.task.compute_probabilities(logits, bundle.temperature)

    return predict
