"""``tf.data`` datasets of padded batches of documents of similar length, which contain little padding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.utils.errors import InputError

Targets = Any
"""Targets, an array with one row per document, or several arrays by name; or ``RaggedTargets``."""
# Documents are sorted by length within windows of this many batches: wide enough that a batch has hardly any padding,
# narrow enough that an epoch stays well shuffled.
WINDOW_BATCHES = 50
# Padded lengths are multiples of this, so that the kernels see few different shapes.
LENGTH_MULTIPLE = 4


@dataclass(frozen=True)
class RaggedIds:
    """Ids of documents of different lengths.

    Attributes:
        values: Ids of all documents, concatenated, int32 (tokens,); or (tokens, ids) with several ids for each token.
        row_splits: Start of each document in ``values``, and the end of the last, int64 (documents + 1,).
    """

    values: np.ndarray
    row_splits: np.ndarray

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each document, int64 (documents,)."""
        return np.diff(self.row_splits)

    def to_padded(self, rows: np.ndarray) -> np.ndarray:
        """Return some documents, padded with 0 at the end to a common multiple of ``LENGTH_MULTIPLE``.

        Args:
            rows: Positions of the documents, int (rows,).

        Returns:
            int32 (rows, length), or (rows, length, ids).
        """
        return pad_rows(self.values, self.row_splits, rows, padding=0)

    def to_inputs(self, rows: np.ndarray) -> Any:
        """Return what a model is trained on for some documents: here, the result of ``to_padded``."""
        return self.to_padded(rows)

    @property
    def signature(self) -> Any:
        """``tf.TensorSpec`` of each array of ``to_inputs``."""
        return tf.TensorSpec((None, None, *self.values.shape[1:]), tf.int32)


@dataclass(frozen=True)
class RaggedTargets:
    """Targets of the tokens of documents, of as many tokens as ``RaggedIds`` has.

    Attributes:
        values: Targets of all documents, concatenated, int32 (tokens,), or float32 (tokens, labels); -1: unknown.
        row_splits: As those of the ids.
    """

    values: np.ndarray
    row_splits: np.ndarray

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.row_splits) - 1

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return the targets of some documents, (rows, length, …), padded with -1 to the length of their ids."""
        return pad_rows(self.values, self.row_splits, rows, padding=-1)

    @property
    def is_known(self) -> np.ndarray:
        """Whether a document has targets, which then its first token has, bool (documents,)."""
        is_known = np.zeros(len(self), bool)
        rows = np.flatnonzero(np.diff(self.row_splits))
        is_known[rows] = self.values[self.row_splits[rows]] >= 0
        return is_known

    def tobytes(self) -> bytes:
        """Return all targets, for a hash."""
        return self.values.tobytes() + self.row_splits.tobytes()


def pad_rows(values: np.ndarray, row_splits: np.ndarray, rows: np.ndarray, *, padding: int) -> np.ndarray:
    """Return some rows of a ragged array, padded at the end to a common multiple of ``LENGTH_MULTIPLE``.

    Args:
        values: Values of all rows, (tokens, ...).
        row_splits: Start of each row in ``values``, and the end of the last, int64 (rows + 1,).
        rows: Positions of the rows.
        padding: Value after the end of a row.
    """
    starts = row_splits[rows]
    lengths = row_splits[rows + 1] - starts
    length = LENGTH_MULTIPLE * max(1, -(-int(lengths.max(initial=0)) // LENGTH_MULTIPLE))
    inside = np.arange(length) < lengths[:, None]
    batch = np.full((len(rows), length, *values.shape[1:]), padding, values.dtype)
    batch[inside] = values[(starts[:, None] + np.arange(length))[inside]]
    return batch


@dataclass(frozen=True)
class DocumentsWithOutputs(RaggedIds):
    """Ids of documents, and the outputs of the frozen layers of a model for them.

    Attributes:
        outputs: One row per document, (documents, channels), or the rows of all documents, (steps, channels).
        output_splits: Start of each document in ``outputs``, and the end of the last, int64 (documents + 1,); None: one
            row per document.
    """

    outputs: np.ndarray
    output_splits: np.ndarray | None = None

    def to_inputs(self, rows: np.ndarray) -> Any:
        """Return padded ids, int32 (rows, length), and outputs, (rows, channels) or (rows, steps, channels).

        The steps are padded with zeros to the length of the ids and as many more as the model adds to each document.
        """
        ids = self.to_padded(rows)
        if self.output_splits is None:
            return ids, self.outputs[rows]
        starts = self.output_splits[rows]
        lengths = self.output_splits[rows + 1] - starts
        added = int(lengths[0] - self.lengths[rows[0]])
        inside = np.arange(ids.shape[1] + added) < lengths[:, None]
        batch = np.zeros((*inside.shape, self.outputs.shape[1]), self.outputs.dtype)
        batch[inside] = self.outputs[(starts[:, None] + np.arange(inside.shape[1]))[inside]]
        return ids, batch

    @property
    def signature(self) -> Any:
        """``tf.TensorSpec`` of each array of ``to_inputs``."""
        shape = (None, self.outputs.shape[1]) if self.output_splits is None else (None, None, self.outputs.shape[1])
        return tf.TensorSpec((None, None), tf.int32), tf.TensorSpec(shape, tf.as_dtype(self.outputs.dtype))


@dataclass(frozen=True)
class Shard:
    """The part of each batch that one process trains on.

    A batch is split into ``parts`` parts, one per replica. A process gets ``count`` consecutive parts.
    """

    first: int = 0
    """Position of the first part."""
    count: int = 1
    """Number of parts of this process."""
    parts: int = 1
    """Number of parts of a batch."""

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return the rows of each part of this process; all parts of all processes have every row once.

        Raises:
            InputError: There are fewer rows than parts.
        """
        if len(rows) < self.parts:
            raise InputError(f"{len(rows)} documents cannot be shared by {self.parts} devices; use fewer devices")
        return [rows[part :: self.parts] for part in range(self.first, self.first + self.count)]


ALL = Shard()
"""All of each batch, for one process with one device."""


def shuffled_batch_indices(
    lengths: np.ndarray, batch_size: int, *, seed: int, epoch: int, window_batches: int = WINDOW_BATCHES
) -> list[np.ndarray]:
    """Return the positions of the documents of each batch of an epoch: shuffled, of similar length, each once.

    The order depends on the arguments alone, so that an interrupted training resumes with the same batches.

    Args:
        lengths: Number of tokens of each document, int (documents,).
        batch_size: Number of documents in a batch.
        seed: Seed of the order.
        epoch: The epoch, from 0.
        window_batches: Number of batches within which documents are sorted by length.
    """
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(lengths))
    window_size = window_batches * batch_size
    windows = np.split(order, range(window_size, len(order), window_size))
    by_length = np.concatenate([window[np.argsort(lengths[window], kind="stable")] for window in windows])
    batches = np.split(by_length, range(batch_size, len(order), batch_size))
    return [batches[i] for i in generator.permutation(len(batches))]


def balanced_order(classes: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """Return positions of documents for one epoch with the same number of documents of every class (up to one).

    The epoch has ``len(classes)`` documents. All documents of a class occur equally often (up to one time): those
    of a small class repeatedly, those of a large class at most once and others in another epoch. Documents without a
    class, below 0, occur once and are not balanced. The result depends on the arguments alone.

    Args:
        classes: Class of each document, int (documents,).
        seed: Seed of the selection.
        epoch: The epoch, from 0.

    Returns:
        Positions in ascending order, int64 (documents,).
    """
    generator = np.random.default_rng((seed, epoch, 1))
    labelled = np.flatnonzero(classes >= 0)
    shuffled_classes = generator.permutation(np.unique(classes[labelled]))
    selected = [np.flatnonzero(classes < 0)]
    for label, part in zip(shuffled_classes, np.array_split(labelled, len(shuffled_classes)), strict=True):
        rows = generator.permutation(np.flatnonzero(classes == label))
        selected.append(np.resize(rows, len(part)))
    return np.sort(np.concatenate(selected))


def sorted_batch_indices(lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Return the positions of the documents of each batch for prediction: shortest first, in batches of equal size."""
    return np.array_split(np.argsort(lengths, kind="stable"), max(1, -(-len(lengths) // batch_size)))


def training_batches(
    ids: RaggedIds,
    targets: Targets,
    batch_size: int,
    *,
    seed: int,
    first_epoch: int,
    weights: np.ndarray | None = None,
    classes: np.ndarray | None = None,
    window_batches: int = WINDOW_BATCHES,
    shard: Shard = ALL,
) -> tf.data.Dataset:
    """Return an endless dataset of training batches, epoch after epoch.

    Args:
        ids: The documents.
        targets: Targets of the documents, (documents, ...).
        batch_size: Number of documents in a batch.
        seed: Seed of the order.
        first_epoch: The first epoch, from 0.
        weights: Sample weights, float32 (documents,); None: all 1.
        classes: Class of each document, int (documents,), for ``balanced_order``; None: each document once per epoch.
        window_batches: See ``shuffled_batch_indices``.
        shard: The part of each batch to return.

    Returns:
        Batches of ids, int32 (batch, length), or another result of ``to_inputs``; targets (batch, ...); and sample
        weights divided by the number of documents in the whole batch, float32 (batch,).
    """
    weights = np.ones(len(ids), np.float32) if weights is None else weights

    def generate() -> Iterator[tuple[Any, Targets, np.ndarray]]:
        order = np.arange(len(ids))
        for epoch in itertools.count(first_epoch):
            if classes is not None:
                order = balanced_order(classes, seed=seed, epoch=epoch)
            batches = shuffled_batch_indices(
                ids.lengths[order], batch_size, seed=seed, epoch=epoch, window_batches=window_batches
            )
            for batch in batches:
                # repeats documents of a last batch that is too small for all parts
                whole = np.resize(order[batch], max(len(batch), shard.parts))
                for rows in shard.split(whole):
                    yield ids.to_inputs(rows), _select(targets, rows), weights[rows] / np.float32(len(whole))

    return dataset_from_generator(generate, _signature(ids, targets, weights))


def validation_batches(ids: RaggedIds, targets: Targets, batch_size: int, shard: Shard = ALL) -> tf.data.Dataset:
    """Return a dataset of inputs and targets, each document once, in an order that never changes.

    Args:
        ids: The documents.
        targets: Targets of the documents, (documents, ...).
        batch_size: Number of documents in a batch.
        shard: The part of each batch to return.
    """
    batches = sorted_batch_indices(ids.lengths, batch_size)

    def generate() -> Iterator[tuple[Any, np.ndarray]]:
        for batch in batches:
            for rows in shard.split(batch):
                yield ids.to_inputs(rows), targets[rows]

    count = len(batches) * shard.count
    dataset = dataset_from_generator(generate, _signature(ids, targets))
    return dataset.apply(tf.data.experimental.assert_cardinality(count))


def _select(targets: Targets, rows: np.ndarray) -> Targets:
    return {name: array[rows] for name, array in targets.items()} if isinstance(targets, dict) else targets[rows]


def _signature(ids: RaggedIds, *targets: Targets) -> tuple[Any, ...]:
    def describe(array: Any) -> tf.TensorSpec:
        if isinstance(array, RaggedTargets):
            return tf.TensorSpec((None, None, *array.values.shape[1:]), array.values.dtype)
        return tf.TensorSpec((None, *array.shape[1:]), array.dtype)

    return ids.signature, *tf.nest.map_structure(describe, targets)


def dataset_from_generator(generate: Callable[[], Iterator[Any]], signature: Any) -> tf.data.Dataset:
    """Return a dataset of generated batches that are prefetched.

    Args:
        generate: Yields batches, nested tuples of arrays.
        signature: ``tf.TensorSpec`` of each array, nested in the same way.
    """
    options = tf.data.Options()
    # Autotune can stall the end of an epoch for seconds.
    options.autotune.enabled = False
    return tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(4).with_options(options)
