"""``TokenPredictor``, which tags tokens with an export of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from kerascnn.bundle_contents import read_token_vectorizer
from kerascnn.data.records import TAGGING_TASK
from kerascnn.edge_tagger import EdgeTagger
from kerascnn.golden_tags import check_golden_tags
from kerascnn.manifest import check_files, read_classifier_manifest
from kerascnn.runtimes.onnx import load_logits_fn
from kerascnn.runtimes.runtime import EDGE, EXACT_MODEL, EXPORT_FILES, find_edge_folder, find_onnx_file
from kerascnn.tag_predictor import TagPredictor
from kerascnn.tasks.sentence_tagger import SentenceTagger
from kerascnn.tasks.viterbi import TagDecoder
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils.arguments import check_path, shorten
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError


class TokenPredictor(TagPredictor):
    """A trained tagger that predicts without TensorFlow and Keras; ``kerascnn.load`` returns it.

    It predicts the same tags and probabilities as a ``TokenClassifier``, except for rounding, and can do nothing else.
    Several threads may use it.

    Example::

        predictor = kerascnn.load("saved_models/news-tags", runtime="tflite")
        predictor.predict_entities(["Anna lives in Rome."])

    Args:
        folder: The bundle.
        runtime: ``tflite`` or ``onnx``.

    Attributes:
        classes_: All tags, (tags,).
        runtime: The runtime.

    Raises:
        InputError: The bundle or its export is missing or damaged, predicts other tags, or needs a package.
    """

    def __init__(self, folder: str | Path, runtime: Literal["tflite", "onnx"]) -> None:
        if runtime not in EXPORT_FILES:
            raise InputError(f"runtime: {shorten(runtime)} is none of {', '.join(EXPORT_FILES)}; see kerascnn.load")
        self._folder, self.runtime = check_path("folder", folder), runtime
        manifest = read_classifier_manifest(self._folder)
        if manifest["task"] != TAGGING_TASK:
            raise InputError(f"{folder}: has labels of texts; read it with kerascnn.load")
        check_files(self._folder, manifest, ("golden.json", "labels.txt"))
        labels = read_escaped_lines(self._folder / "labels.txt")
        self._tagger = (
            _load_edge(self._folder, labels) if runtime == "tflite" else _load_onnx(self._folder, manifest, labels)
        )
        self.classes_ = np.asarray(labels, dtype=object)
        if runtime == "onnx" or (self._folder / EDGE / EXACT_MODEL).is_file():  # others are less exact
            check_golden_tags(self._folder / "golden.json", self._tagger)

    def _get_tagger(self) -> SentenceTagger:
        return self._tagger

    def __repr__(self) -> str:
        return f"TokenPredictor({str(self._folder)!r}, {self.runtime!r})"


def _load_edge(folder: Path, labels: list[str]) -> SentenceTagger:
    """Load the most exact TFLite file of a bundle.

    Raises:
        InputError: There is no file, or one is damaged, or belongs to another bundle.
    """
    edge_folder = find_edge_folder(folder)
    try:
        edge = EdgeTagger(edge_folder)
    except ValueError as error:
        raise InputError(str(error)) from None
    if edge.labels != labels:
        raise InputError(
            f"{edge_folder}: belongs to another bundle; run python -m pipelines.export {folder} --format tflite"
        )
    return edge.tagger


def _load_onnx(folder: Path, manifest: Any, labels: list[str]) -> SentenceTagger:
    """Load the ONNX file of a bundle, with the vocabularies of the bundle.

    Raises:
        InputError: There is no file, or one is damaged, or belongs to another bundle.
    """
    path = find_onnx_file(folder)
    compute_scores = load_logits_fn(path)  # checks the files of the folder
    description = read_json(path.with_name("decoder.json"))
    if description["labels"] != labels:
        raise InputError(
            f"{path.parent}: belongs to another bundle; run python -m pipelines.export {folder} --format onnx"
        )
    start, transitions = (np.array(description[name]) for name in ("start", "transitions"))
    vectorizer = read_token_vectorizer(folder, manifest)
    settings = vectorizer.settings
    return SentenceTagger(
        labels, vectorizer.encoder, TagDecoder(start, transitions, description["normalize"]), settings.level,
        settings.max_length, compute_scores,
    )  # fmt: skip
