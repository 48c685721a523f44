"""Check and encode the training and validation data of a classifier."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.config import Config
from kerascnn.data.cache import Cache
from kerascnn.data.documents import NO_VALIDATION, split_validation
from kerascnn.data.records import Row
from kerascnn.data.sample_weights import check_sample_weight
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.data.splits import Splits
from kerascnn.data.stored_rows import StoredRows
from kerascnn.tasks import Task, infer_task
from kerascnn.utils.arguments import check_texts, to_rows
from kerascnn.utils.errors import InputError

LabelledTexts = tuple[Sequence[str], Sequence[Any]]


@dataclass(frozen=True)
class TrainingData:
    """Checked and encoded training and validation data of a classifier."""

    task: Task
    classes: np.ndarray
    """Label names, (labels,), in the order of the logits."""
    labels_dtype: np.dtype | None
    """Dtype of the indicator matrix passed to ``fit``; None for other labels."""
    texts: Sequence[str]
    targets: np.ndarray
    validation_texts: Sequence[str]
    validation_targets: np.ndarray
    soft_labels: np.ndarray | None = None
    """A teacher's probabilities for ``texts``, float32 (documents, classes)."""
    sample_weight: np.ndarray | None = None
    """Weight of each of ``texts`` in the loss, float32 (documents,)."""
    class_weight: np.ndarray | None = None
    """Weight of each class in the loss, float32 (classes,)."""
    validation_sample_weight: np.ndarray | None = None
    """Weight of each of ``validation_texts`` if the model is refitted, float32 (documents,)."""
    refit: bool = False
    """Whether the model is trained once more on all documents, those of the validation data included."""
    cache: Cache | None = None
    """Where the ids of texts are that are not in memory; None: all texts are in memory."""

    def merge(self) -> TrainingData:
        """Return the data with the validation documents added to the training documents, which have no soft labels."""
        weights = None
        if self.sample_weight is not None and self.validation_sample_weight is not None:
            weights = np.concatenate([self.sample_weight, self.validation_sample_weight])
        return dataclasses.replace(
            self, texts=[*self.texts, *self.validation_texts], sample_weight=weights, cache=None,
            targets=np.concatenate([self.targets, self.validation_targets]),
        )  # fmt: skip


def is_refitted(config: Config[Any], num_documents: int, *, has_teacher: bool) -> bool:
    """Whether a model is trained once more on all documents, if a part of them was split off as validation data."""
    return not has_teacher and num_documents <= config.training.refit_rows


def prepare_data(
    config: Config[Any],
    texts: Sequence[str],
    labels: Any,
    *,
    soft_labels: np.ndarray | None = None,
    sample_weight: Sequence[float] | np.ndarray | None = None,
    class_weight: Mapping[Any, float] | None = None,
    validation_data: LabelledTexts | None = None,
    refit: bool | None = None,
) -> TrainingData:
    """Check texts and labels, encode the labels, and split off validation data if none is given.

    Args:
        config: The run.
        texts: Documents.
        labels: Labels in any form that ``TextClassifier.fit`` takes.
        soft_labels: A teacher's class probabilities, float (documents, classes).
        sample_weight: Weight of each document in the loss, (documents,).
        class_weight: Label to the weight of its documents in the loss.
        validation_data: Texts and labels for early stopping.
        refit: Whether the model is trained once more on all documents; None: if validation data is split off, and there
            are at most ``training.refit_rows`` documents.

    Raises:
        InputError: The data cannot be used for training; the message says why.
    """
    has_teacher = soft_labels is not None
    if refit and has_teacher:
        raise InputError("refit: the validation data has no soft labels; leave refit out, or train without soft_labels")
    texts, labels = check_labelled_texts(texts, labels, "labels")
    task = infer_task(labels)
    task.check_settings(config.training, has_teacher=has_teacher)
    labels_dtype, labels = task.labels_dtype(labels), task.as_labels(labels)
    classes = task.find_classes(labels, has_teacher=has_teacher)
    targets = task.encode(labels, classes, has_teacher=has_teacher)
    if soft_labels is not None:
        soft_labels = check_probabilities(
            soft_labels, classes.tolist(), len(texts), name="soft_labels", sums_to_one=task.has_exclusive_labels
        )
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, len(texts))
    class_weights = None
    if class_weight is not None:
        if config.training.class_weights == "balanced":
            raise InputError("class_weight and training.class_weights balanced both weight the classes; give one")
        class_weights = task.encode_class_weight(class_weight, classes)
    if validation_data is not None:
        validation_texts, validation_targets = _prepare_validation_data(validation_data, task, classes)
        return TrainingData(
            task, classes, labels_dtype, texts, targets, validation_texts, validation_targets, soft_labels,
            sample_weight, class_weights, None if sample_weight is None else np.ones(len(validation_texts), np.float32),
            refit=bool(refit),
        )  # fmt: skip
    if refit is None:
        refit = is_refitted(config, len(texts), has_teacher=has_teacher)
    is_labelled = np.all((targets >= 0).reshape(len(targets), -1), axis=1)
    train, validation = split_validation(texts, task.decode(targets, classes), config.source, task, is_labelled)
    return TrainingData(
        task, classes, labels_dtype, [texts[i] for i in train], targets[train], [texts[i] for i in validation],
        targets[validation], None if soft_labels is None else soft_labels[train],
        None if sample_weight is None else sample_weight[train], class_weights,
        None if sample_weight is None else sample_weight[validation], refit=refit,
    )  # fmt: skip


def prepare_stored_data(splits: Splits, cache: Cache, *, refit: bool) -> TrainingData:
    """Encode the labels of rows in files.

    Args:
        splits: Checked rows, as ``stored_splits.load_stored_splits`` returns them.
        cache: Where the ids of the texts are, or will be.
        refit: Whether the model is trained once more on all documents; then they are few.

    Raises:
        InputError: There are no validation rows.
    """
    train, validation = splits.train, splits.validation
    assert isinstance(train, StoredRows)
    if not isinstance(validation, StoredRows):
        raise InputError(NO_VALIDATION)
    used = np.unique(np.concatenate([train.load_array("labels"), validation.load_array("labels")]))
    rows = [Row("", train.label_sets[number], "", 0, splits.task.name) for number in used.tolist()]
    classes = np.asarray(train.find_labels())
    encoded = splits.task.encode(splits.task.labels_of_rows(rows), classes)
    targets, validation_targets = (
        encoded[np.searchsorted(used, part.load_array("labels"))] for part in (train, validation)
    )
    return TrainingData(
        splits.task, classes, None, train.texts, targets, validation.texts, validation_targets, refit=refit, cache=cache
    )


def check_labelled_texts(texts: Sequence[str], labels: Any, name: str) -> tuple[Sequence[str], Any]:
    """Return the texts to evaluate a classifier on as strings, and their labels as ``to_rows`` has them.

    Args:
        texts: The texts.
        labels: Their labels.
        name: Name of the argument of the labels, for messages.

    Raises:
        InputError: There are no texts, their number differs from that of the labels, or one of the two is not a list.
    """
    texts, labels = check_texts(texts), to_rows(name, labels, "labels")
    check_lengths(texts, labels)
    if not texts:
        raise InputError("texts: there are none; give at least one text")
    return texts, labels


def check_lengths(texts: Sized, labels: Any) -> None:
    """Check that there are as many texts as labels.

    Args:
        texts: Texts, or values of texts.
        labels: Their labels.

    Raises:
        InputError: There are more of one or of the other.
    """
    rows = labels.shape[0] if hasattr(labels, "shape") else len(labels)  # sparse matrices have no length
    if len(texts) != rows:
        raise InputError(f"{len(texts)} texts and {rows} labels; give one label per text")


def _prepare_validation_data(data: LabelledTexts, task: Task, classes: np.ndarray) -> tuple[Sequence[str], np.ndarray]:
    """Return the checked texts and the targets of validation data."""
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise InputError(f"validation_data: give (texts, labels). Received: {type(data).__name__}")
    try:
        texts, labels = check_texts(data[0]), task.as_labels(to_rows("labels", data[1], "labels"))
        check_lengths(texts, labels)
        if not texts:
            raise InputError("has no texts; leave it out to use a part of the training texts")
        return texts, task.encode(labels, classes)
    except InputError as error:
        raise InputError(f"validation_data: {error}") from None
