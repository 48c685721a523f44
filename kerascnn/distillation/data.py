"""Training data for knowledge distillation: texts with the probabilities of a teacher (Hinton, Vinyals & Dean 2015)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.config import Config, DistillationConfig
from kerascnn.data.records import Row, hash_rows
from kerascnn.data.sources import read_rows
from kerascnn.data.splits import Splits
from kerascnn.data.unlabelled import select_unlabelled_rows
from kerascnn.distillation import teachers
from kerascnn.distillation.splicing import splice_texts
from kerascnn.manifest import read_manifest
from kerascnn.utils.atomic_files import sha256

SPLICED_TEXTS, MAX_SPLICED_TEXTS = 10, 50_000
"""Spliced texts of each training text, and at most of all, if the settings leave it open."""


@dataclass(frozen=True)
class DistillationData:
    """Texts with the probabilities that a teacher assigns to their classes."""

    rows: list[Row]
    """Training rows, followed by the unlabelled and the spliced rows."""
    soft_labels: Any
    """Probabilities, float32 (rows, labels); columns in the order of the sorted labels. In tagging data a list with an
    array, float32 (tokens, tags), for each row."""
    unlabelled: list[Row]
    """Rows with an empty label."""
    sha256: str | None
    """Hash of the teacher's files; None if the teacher is a Python function."""
    messages: list[str]
    """Notes for the user, one sentence each."""
    spliced: list[Row] = field(default_factory=list)
    """Rows with an empty label, of texts made of the training texts."""


def load_soft_labels(config: Config[Any], splits: Splits) -> DistillationData:
    """Predict the training rows and the unlabelled texts with the teacher.

    Args:
        config: Settings of the run; ``distillation`` names the teacher and the unlabelled texts.
        splits: Labelled rows.

    Raises:
        InputError: The teacher cannot be read, does not know these labels or texts, or returns values that are not
            probabilities. The message names the file, the row and the value.
    """
    spec, labels = config.distillation.teacher, sorted({label for row in splits.train for label in row.labels})
    texts = read_rows(config.distillation.unlabelled, config.source, labelled=False)
    unlabelled, messages = select_unlabelled_rows(texts, splits)
    messages.append(f"{len(unlabelled):,} unlabelled texts")
    copies = count_spliced_texts(config.distillation, len(splits.train))
    spliced = _splice_rows(splits, unlabelled, copies, config) if copies else []
    if spliced:
        messages.append(f"{len(spliced):,} texts spliced from training texts")
    rows = [*splits.train, *unlabelled, *spliced]
    soft_labels = teachers.teacher_probabilities(spec, rows, labels, config.source, splits.task)
    task, classes, of_labelled = splits.task, np.array(labels), soft_labels[: len(splits.train)]
    predicted = task.predict(of_labelled, task.default_thresholds(len(labels)))
    accuracy = task.score(task.labels_of_rows(splits.train), predicted, classes)
    what = "the label" if task.has_exclusive_labels else "all labels"
    messages.append(f"{spec}: predicts {what} of {accuracy:.1%} of the training rows")
    messages += warn_of_leakage(config, splits)
    return DistillationData(rows, soft_labels, unlabelled, hash_teacher(spec), messages, spliced)


def count_spliced_texts(settings: DistillationConfig, rows: int) -> int:
    """Return how many texts to make of each training text.

    Args:
        settings: Settings of the run.
        rows: Number of training texts.
    """
    if settings.spliced_texts >= 0:
        return settings.spliced_texts
    answers_any_text = os.path.isdir(settings.teacher) or teachers.is_function(settings.teacher)
    return min(SPLICED_TEXTS, MAX_SPLICED_TEXTS // rows) if answers_any_text and not settings.unlabelled else 0


def _splice_rows(splits: Splits, unlabelled: list[Row], copies: int, config: Config[Any]) -> list[Row]:
    """Return rows of texts that are spliced of the training texts, and that no data has."""
    texts = splice_texts(
        [row.text for row in splits.train], copies, seed=config.seed, by_character=config.text.level == "character"
    )
    known = {row.text for rows in (splits.train, splits.validation, splits.test, unlabelled) for row in rows}
    new = [text for text in dict.fromkeys(texts) if text not in known]
    return [Row(text, (), "spliced texts", number) for number, text in enumerate(new, start=1)]


def warn_of_leakage(config: Config[Any], splits: Splits) -> list[str]:
    """Return a warning if the manifest of a teacher bundle suggests that it was trained on the test rows."""
    spec = config.distillation.teacher
    if not (os.path.isdir(spec) and splits.test):
        return []
    data = read_manifest(Path(spec))["data"]
    shared = {*data.get("train", {}).get("sources", ())} & {*(config.test_data or config.data)}
    if not shared or data.get("test", {}).get("sha256") == hash_rows(splits.test):
        return []
    return [
        f"{spec} was trained on another split of {', '.join(sorted(shared))}: it may have seen the test data, and the"
        " test metrics may be too high"
    ]


def hash_teacher(spec: str) -> str | None:
    """Hash the teacher's files; the manifest of a bundle holds the hashes of its other files."""
    paths = [str(Path(spec) / "manifest.json")] if os.path.isdir(spec) else teachers.expand_files(spec)
    hashes = [sha256(Path(path)) for path in paths]
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("".join(hashes).encode()).hexdigest() if hashes else None
