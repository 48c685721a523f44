"""Teachers of taggers: another tagger, or a Python function, that assigns probabilities of tags to tokens."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.config import Config
from kerascnn.data.records import TAGGING_TASK, Row, Token, location
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.data.sources import read_rows
from kerascnn.data.splits import Splits
from kerascnn.data.unlabelled import select_unlabelled_rows
from kerascnn.distillation.data import DistillationData, hash_teacher, warn_of_leakage
from kerascnn.distillation.teachers import import_function, is_function
from kerascnn.loading import load
from kerascnn.text.words import split_characters, split_words
from kerascnn.utils.errors import InputError, list_choices

TAG_TEACHER_KINDS = "the name of a tagger, the folder of a tagger, or module:function"


def load_tag_probabilities(config: Config[Any], splits: Splits) -> DistillationData:
    """Predict the training sentences and the unlabelled texts with the teacher.

    Args:
        config: Settings of the run; ``distillation`` names the teacher and the unlabelled texts.
        splits: Labelled rows.

    Returns:
        The data; ``soft_labels`` is a list with an array, float32 (tokens, tags), for each sentence.

    Raises:
        InputError: The teacher cannot be read, does not know these tags, or returns values that are not probabilities.
    """
    spec, labels = config.distillation.teacher, sorted({tag for row in splits.train for tag in row.labels})
    texts = read_rows(config.distillation.unlabelled, config.source, labelled=False)
    unlabelled, messages = select_unlabelled_rows(texts, splits)
    unlabelled = [row for row in (_tokenize(row, config.text.level) for row in unlabelled) if row.tokens]
    messages.append(f"{len(unlabelled):,} unlabelled texts")
    rows = [*splits.train, *unlabelled]
    sentences = splits.task.texts_of_rows(rows)
    if os.path.isdir(spec):
        found = _predict_with_bundle(spec, sentences, labels)
    elif is_function(spec):
        found = list(import_function(spec)(sentences, labels))
    else:
        raise InputError(f"--teacher {spec}: a tagger learns from {TAG_TEACHER_KINDS}")
    if len(found) != len(rows):
        raise InputError(f"{spec}: returned {len(found):,} arrays for {len(rows):,} sentences; return one for each")
    soft_labels = [_check(values, labels, row, spec) for values, row in zip(found, rows, strict=True)]
    right = sum(
        int((values.argmax(axis=1) == [labels.index(tag) for tag in row.labels]).sum())
        for values, row in zip(soft_labels, splits.train, strict=False)
    )
    total = sum(len(row.labels) for row in splits.train)
    messages.append(f"{spec}: predicts the tag of {right / total:.1%} of the training tokens")
    messages += warn_of_leakage(config, splits)
    return DistillationData(rows, soft_labels, unlabelled, hash_teacher(spec), messages)


def _tokenize(row: Row, level: str) -> Row:
    """Return an unlabelled row as one of tagging data: with the tokens of its file, or those of its text."""
    split = split_characters if level == "character" else split_words
    tokens = row.tokens or tuple(Token(row.text[start:end], start, end) for start, end in split(row.text))
    return row._replace(task=TAGGING_TASK, tokens=tokens)


def _check(values: Any, labels: Sequence[str], row: Row, spec: str) -> np.ndarray:
    return check_probabilities(
        values, labels, len(row.tokens), name=f"{spec}, for {location(row)}",
        describe_row=lambda token: f"{spec}, for {location(row)}, token {token + 1}",
    )  # fmt: skip


def _predict_with_bundle(folder: str, sentences: list[Any], labels: Sequence[str]) -> list[np.ndarray]:
    teacher = load(folder, runtime="tensorflow")
    known: list[str] = teacher.classes_.tolist()
    if unknown := [label for label in labels if label not in known]:
        raise InputError(
            f"{folder}: the teacher does not know the tag {unknown[0]!r}{list_choices(unknown[0], known)}; correct the"
            " training data, or train a teacher on the same tags"
        )
    columns = [known.index(label) for label in labels]
    found: list[np.ndarray] = []
    for values in teacher.predict_proba(sentences):
        selected = values[:, columns] + 1e-9  # tags that no training row has are left out
        found.append(selected / selected.sum(axis=1, keepdims=True))
    return found
