"""``TextPredictor``, which predicts with an export of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from kerascnn.bundle_contents import Decision, read_decision, read_encoder
from kerascnn.golden import check_golden
from kerascnn.manifest import Manifest, check_files, read_classifier_manifest
from kerascnn.predictor import Predictor
from kerascnn.runtimes.runtime import EDGE, EXACT_MODEL, EXPORT_FILES, find_onnx_file
from kerascnn.tasks import Task
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import check_path, check_texts, shorten
from kerascnn.utils.errors import InputError


class Model(Protocol):
    """An exported model with its text encoding."""

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (texts, labels)."""

    def encode_text(self, text: str) -> list[int]:
        """Return the input of the model for a text, without padding."""


class TextPredictor(Predictor):
    """A trained classifier that predicts without TensorFlow and Keras; ``kerascnn.load`` returns it.

    It predicts the same labels and probabilities as a ``TextClassifier``, except for rounding (1e-4), and can do
    nothing else. Several threads may use it.

    Example::

        predictor = kerascnn.load("saved_models/news", runtime="tflite")
        predictor.predict(["the rate was cut"])     # array(['business'])

    Args:
        folder: The bundle.
        runtime: ``tflite`` or ``onnx``.

    Attributes:
        classes_: Label names, (labels,), in the order of the probabilities.
        runtime: The runtime.

    Raises:
        InputError: The bundle or its export is missing or damaged, predicts other probabilities, or needs a package.
    """

    def __init__(self, folder: str | Path, runtime: Literal["tflite", "onnx"]) -> None:
        if runtime not in EXPORT_FILES:
            raise InputError(f"runtime: {shorten(runtime)} is none of {', '.join(EXPORT_FILES)}; see kerascnn.load")
        self._folder, self.runtime = check_path("folder", folder), runtime
        manifest = read_classifier_manifest(self._folder)
        check_files(self._folder, manifest, ("golden.json",))
        self._decision = read_decision(self._folder, manifest)
        self.classes_, dtype = self._decision.classes, self._decision.indicator_dtype
        self._labels_dtype = np.dtype(dtype) if dtype else None
        self._model = _load_model(self._folder, manifest, self._decision, runtime)
        self._check_golden(manifest)

    @property
    def task(self) -> Task:
        """The task of the classifier."""
        return self._decision.task

    @property
    def thresholds(self) -> list[float] | None:
        """Lowest probability at which each label is predicted; None if the task has none."""
        return self._decision.thresholds

    @name_arguments
    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (documents, labels), in the order of ``classes_``."""
        texts = check_texts(texts)
        try:
            return self._model.predict_proba(texts)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(str(error)) from None

    def __repr__(self) -> str:
        return f"TextPredictor({str(self._folder)!r}, {self.runtime!r})"

    def _check_golden(self, manifest: Manifest) -> None:
        """Check that the export answers as the bundle did at training.

        Raises:
            InputError: It does not.
        """
        if self.runtime == "tflite" and not (self._folder / EDGE / EXACT_MODEL).is_file():
            return
        # the file of a character model converts code points to ids itself
        has_ids = self.runtime == "onnx" or manifest["vectorizer"]["level"] == "word"
        encode = self._model.encode_text if has_ids else None
        check_golden(self._folder / "golden.json", encode, self.predict_proba, self._decide)

    def _decide(self, probabilities: np.ndarray) -> list[list[str]]:
        ranked = self.task.ranked_labels(probabilities, self.thresholds)
        return [[self._decision.labels[position] for position in positions] for positions in ranked]


def _load_model(folder: Path, manifest: Manifest, decision: Decision, runtime: str) -> Model:
    if runtime == "tflite":
        from kerascnn.runtimes.tflite import load_edge

        return load_edge(folder, decision)
    from kerascnn.runtimes.onnx import OnnxClassifier
    from kerascnn.text.text_encoder import TextEncoder

    return OnnxClassifier(find_onnx_file(folder), read_encoder(folder, manifest, TextEncoder).encode_text, decision)
