"""Answer with the ONNX file of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.runtimes.file_hashes import check_file_hashes
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

if TYPE_CHECKING:
    from kerascnn.bundle_contents import Decision
    from kerascnn.golden import EncodeFn

HASHES = "files.json"
"""File with the hash of the model."""
BATCH_SIZE = 256
LENGTH_MULTIPLE = 4
"""Lengths of batches are multiples of it, as in ``data.batches``."""

LogitsFn = Callable[[np.ndarray], np.ndarray]
"""Padded ids, int32 (batch, length), to logits, float32 (batch, labels)."""


def load_logits_fn(path: Path) -> LogitsFn:
    """Load an ONNX file.

    Raises:
        InputError: onnxruntime is not installed or cannot load the file, or the file is changed.
    """
    onnxruntime = import_optional("onnxruntime", "onnx")
    check_file_hashes(path.parent, path.parent / HASHES)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # the exceptions say it
    try:
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InputError(f"{path}: onnxruntime cannot load it ({to_one_line(error)}); export it again") from None
    [model_input] = session.get_inputs()

    def compute_logits(ids: np.ndarray) -> np.ndarray:
        try:
            [logits] = session.run(None, {model_input.name: ids})
        except Exception as error:
            raise InputError(f"{path}: onnxruntime cannot run it ({to_one_line(error)}); export it again") from None
        return np.asarray(logits)

    return compute_logits


class OnnxClassifier:
    """A classifier that runs an ONNX file; texts become ids in plain Python.

    Args:
        path: The file.
        encode: Function from a text to ids.
        decision: How logits become probabilities.

    Raises:
        InputError: onnxruntime is not installed or cannot load the file, or the file is changed.
    """

    def __init__(self, path: Path, encode: EncodeFn, decision: Decision) -> None:
        self.encode_text, self._decision = encode, decision
        self._compute_logits = load_logits_fn(path)

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (texts, labels)."""
        documents = [self.encode_text(text) for text in texts]
        order = np.argsort([len(ids) for ids in documents], kind="stable")  # little padding
        logits = np.zeros((len(documents), len(self._decision.labels)), np.float32)
        for start in range(0, len(documents), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            logits[rows] = self._compute_logits(pad_documents([documents[row] for row in rows]))
        return self._decision.task.compute_probabilities(logits, self._decision.temperature)


def pad_documents(documents: Sequence[Sequence[int]]) -> np.ndarray:
    """Return ids of documents, padded with 0, int32 (documents, length)."""
    length = LENGTH_MULTIPLE * max(1, -(-max(map(len, documents)) // LENGTH_MULTIPLE))
    batch = np.zeros((len(documents), length), np.int32)
    for row, ids in zip(batch, documents, strict=True):
        row[: len(ids)] = ids
    return batch
