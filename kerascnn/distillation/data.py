"""What a teacher says about the texts of a training (Hinton, Vinyals & Dean 2015)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.config import Config
from kerascnn.data.records import Row, hash_rows
from kerascnn.data.sources import read_rows
from kerascnn.data.splits import Splits
from kerascnn.data.unlabelled import select_unlabelled_rows
from kerascnn.distillation import teachers
from kerascnn.manifest import read_manifest
from kerascnn.utils.atomic_files import sha256


@dataclass(frozen=True)
class DistillationData:
    """What a teacher says about the texts of a training."""

    rows: list[Row]
    """Training rows, then texts whose label is empty."""
    soft_labels: np.ndarray
    """Probabilities, float32 (rows, labels), in the order of the sorted labels."""
    unlabelled: list[Row]
    """Those whose label is empty."""
    sha256: str | None
    """Of the teacher's files; None: it is a function."""
    messages: list[str]
    """What a person should be told, a sentence each."""


def load_soft_labels(config: Config[Any], splits: Splits) -> DistillationData:
    """Ask the teacher of a run about its training rows and its unlabelled texts.

    Raises:
        InputError: The teacher cannot be read, does not know these labels or texts, or answers with something else than
            probabilities; the message names the file, the row and the value.
    """
    spec, labels = config.distillation.teacher, sorted({label for row in splits.train for label in row.labels})
    texts = read_rows(config.distillation.unlabelled, config.source, labelled=False)
    unlabelled, messages = select_unlabelled_rows(texts, splits)
    messages.append(f"{len(unlabelled):,} unlabelled texts")
    rows = [*splits.train, *unlabelled]
    soft_labels = teachers.teacher_probabilities(spec, rows, labels, config.source)
    known = np.array([labels.index(row.labels[0]) for row in splits.train])
    right = np.mean(soft_labels[: len(known)].argmax(axis=1) == known)
    messages.append(f"{spec}: gives {right:.1%} of the training rows their label")
    messages += _warn_of_leakage(config, splits)
    return DistillationData(rows, soft_labels, unlabelled, _hash_teacher(spec), messages)


def _warn_of_leakage(config: Config[Any], splits: Splits) -> list[str]:
    """Whether the test rows may have been among those that a bundle was trained on, as far as its manifest tells."""
    spec = config.distillation.teacher
    if not (os.path.isdir(spec) and splits.test):
        return []
    data = read_manifest(Path(spec))["data"]
    shared = {*data.get("train", {}).get("sources", ())} & {*(config.test_data or config.data)}
    if not shared or data.get("test", {}).get("sha256") == hash_rows(splits.test):
        return []
    return [
        f"{spec} was trained on {', '.join(sorted(shared))} too, split otherwise: it may have seen the test data, which"
        " flatters the figures"
    ]


def _hash_teacher(spec: str) -> str | None:
    """Hash of a teacher's files; a bundle's manifest holds the hashes of the rest."""
    paths = [str(Path(spec) / "manifest.json")] if os.path.isdir(spec) else teachers.expand_files(spec)
    hashes = [sha256(Path(path)) for path in paths]
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(hashes).encode()).hexdigest() if hashes else None
