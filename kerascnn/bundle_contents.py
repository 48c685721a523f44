"""Read the parts of a bundle that need no TensorFlow: labels, task, thresholds and vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from kerascnn.data.label_types import parse_label_names
from kerascnn.manifest import CHARACTERS_FILE, SENTENCEPIECE_FILE, Manifest, check_files
from kerascnn.tasks import SINGLE_LABEL, Task, get_task
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.text.text_encoder import TextEncoder
    from kerascnn.text.token_vectorizer import TokenVectorizer

EncoderT = TypeVar("EncoderT", bound="TextEncoder")


@dataclass(kw_only=True)
class LabelDecisions:
    """The labels of a classifier, and how its probabilities become labels."""

    labels: list[str]
    """Label names, in the order of the probabilities."""
    task: Task = SINGLE_LABEL
    thresholds: list[float] | None = None
    """Lowest probability at which each label is predicted, in the order of the labels; None if the task has none."""
    label_type: str = "str"
    """Type of the labels in the training data, see ``data.label_types``."""
    indicator_dtype: str | None = None
    """Dtype of the indicator matrix that the labels were given as, and are predicted as; None for other labels."""

    @property
    def classes(self) -> np.ndarray:
        """Labels with the type that they had in the training data, (labels,)."""
        return to_classes(self.labels, self.label_type)

    def encode_names(self, labels: Sequence[Any]) -> np.ndarray:
        """Return the targets of labels that are given by name, as files have them, see ``Task.encode``."""
        return self.task.encode(labels, np.asarray(self.labels, dtype=object))

    def evaluate(self, targets: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
        """Return all metrics of documents, see ``Task.evaluate``."""
        return self.task.evaluate(targets, probabilities, self.labels, self.thresholds)

    def decide(self, probabilities: np.ndarray) -> list[list[str]]:
        """Return the predicted labels of documents, best first, for probabilities (documents, labels)."""
        ranked = self.task.ranked_labels(probabilities, self.thresholds)
        return [[self.labels[position] for position in positions] for positions in ranked]


@dataclass(frozen=True)
class Decision:
    """How a classifier turns logits or probabilities into labels."""

    task: Task
    labels: list[str]
    """Label names, in the order of the probabilities."""
    temperature: float
    """Divisor of the logits."""
    thresholds: list[float] | None
    """Lowest probability at which each label is predicted; None if the task has none."""
    label_type: str = "str"
    """Type of the labels in the training data, see ``data.label_types``."""
    indicator_dtype: str | None = None
    """Dtype of the indicator matrix that labels are predicted as; None if they are predicted by name."""

    @property
    def classes(self) -> np.ndarray:
        """Labels with the type that they had in the training data, (labels,)."""
        return to_classes(self.labels, self.label_type)


def to_classes(names: Sequence[str], label_type: str) -> np.ndarray:
    """Return labels with the type that they had in the training data, (labels,)."""
    return np.asarray(parse_label_names(names, label_type), dtype=object if label_type == "str" else None)


def read_decision(folder: Path, manifest: Manifest) -> Decision:
    """Read the labels of a classifier, and how it chooses among them.

    Raises:
        InputError: The labels are missing or damaged, or the manifest has an unknown task or other thresholds than it
            needs.
    """
    check_files(folder, manifest, ("labels.txt",))
    path = folder / "manifest.json"
    try:
        task = get_task(manifest["task"])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    labels, thresholds = read_escaped_lines(folder / "labels.txt"), manifest["thresholds"]
    default = task.default_thresholds(len(labels))
    if (thresholds is None, len(thresholds or [])) != (default is None, len(default or [])):
        found, expected = len(thresholds or []), len(default or [])
        raise InputError(f"{path}: has {found} thresholds, and its task and labels need {expected}")
    try:
        parse_label_names(labels, manifest["label_type"])
    except ValueError as error:
        raise InputError(f"{path}: label_type {manifest['label_type']}: {error}") from None
    return Decision(
        task, labels, manifest["temperature"], thresholds, manifest["label_type"], manifest["indicator_dtype"]
    )


def read_encoder(folder: Path, manifest: Manifest, kind: type[EncoderT]) -> EncoderT:
    """Read what turns text into ids.

    Args:
        folder: The bundle.
        manifest: Its manifest.
        kind: ``TextEncoder``, or ``Vectorizer`` for the TensorFlow graph.

    Raises:
        InputError: A file is missing or damaged, or its version is newer.
    """
    from kerascnn.text import vocabulary
    from kerascnn.text.sentencepiece import SentencePieceModel

    check_files(folder, manifest, ("vocabulary.txt",))
    path, pieces = folder / SENTENCEPIECE_FILE, None
    if path.name in manifest["files"]:
        check_files(folder, manifest, (path.name,))
        pieces = SentencePieceModel.parse(path.read_bytes(), str(path))
    tokens = vocabulary.read_vocabulary(folder / "vocabulary.txt")
    try:
        return kind.from_config(manifest["vectorizer"], tokens, pieces)
    except (KeyError, TypeError) as error:
        raise InputError(f"{folder / 'manifest.json'}: vectorizer: {error!r}") from None


def read_token_vectorizer(folder: Path, manifest: Manifest) -> TokenVectorizer:
    """Read what turns the tokens of a tagger into ids.

    Raises:
        InputError: A file of it is missing, damaged, or written by a newer version.
    """
    from kerascnn.text.token_vectorizer import TokenVectorizer
    from kerascnn.text.vocabulary import read_vocabulary

    names = ["vocabulary.txt", *([CHARACTERS_FILE] if CHARACTERS_FILE in manifest["files"] else [])]
    check_files(folder, manifest, names)
    words, *others = (read_vocabulary(folder / name) for name in names)
    try:
        return TokenVectorizer.from_config(manifest["vectorizer"], words, others[0] if others else ())
    except (KeyError, TypeError) as error:
        raise InputError(f"{folder / 'manifest.json'}: vectorizer: {error!r}") from None
