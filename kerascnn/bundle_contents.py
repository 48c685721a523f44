"""Read the parts of a bundle that need no TensorFlow: labels, task, thresholds and vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kerascnn.manifest import Manifest, check_files
from kerascnn.tasks import Task, get_task
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.text.text_encoder import TextEncoder

EncoderT = TypeVar("EncoderT", bound="TextEncoder")

SENTENCEPIECE_FILE = "sentencepiece.model"
"""File that a bundle has, and checks, if text is split into SentencePieces."""


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
    return Decision(task, labels, manifest["temperature"], thresholds)


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
