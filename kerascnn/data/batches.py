"""``tf.data`` datasets of padded batches of documents of similar length, which contain little padding."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
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
class Part:
    """Documents in memory that are a part of all documents, or all of them."""

    ids: RaggedIds
    positions: np.ndarray
    """Positions of the documents of the part in ``ids``, int (documents,)."""
    rows: np.ndarray
    """Their positions among all documents, int (documents,)."""


class Documents(ABC):
    """Ids of documents, in memory or in files."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of documents."""

    @property
    @abstractmethod
    def lengths(self) -> np.ndarray:
        """Number of tokens of each document, int (documents,)."""

    @property
    @abstractmethod
    def signature(self) -> Any:
        """``tf.TensorSpec`` of each array of ``RaggedIds.to_inputs``."""

    @abstractmethod
    def to_ragged(self, rows: np.ndarray | None = None) -> RaggedIds:
        """Return some documents in memory, given by their positions, ascending, int (rows,); None: all."""

    @abstractmethod
    def iterate_shards(self) -> Iterator[Part]:
        """Yield all documents, a shard in memory at a time."""

    @abstractmethod
    def shard_sizes(self) -> list[int]:
        """Return the number of documents of each shard."""

    @abstractmethod
    def iterate_epoch(self, order: np.ndarray | None, multiple: int, *, seed: int, epoch: int) -> Iterator[Part]:
        """Yield the documents of an epoch in parts, within which they are shuffled afterwards.

        Args:
            order: Positions of the documents, ascending, perhaps repeated; None: all, each once.
            multiple: The number of documents of every part but the last is a multiple of this.
            seed: Seed of the order of the parts.
            epoch: The epoch, from 0.
        """

    @abstractmethod
    def tobytes(self) -> bytes:
        """Return bytes that change with any id, for a hash."""

    def count_ids(self, vocabulary_size: int) -> np.ndarray:
        """Return how often each id occurs, int (vocabulary_size,)."""
        counts = (np.bincount(part.ids.values, minlength=vocabulary_size) for part in self.iterate_shards())
        return np.asarray(sum(counts, np.zeros(vocabulary_size, np.int64)))


@dataclass(frozen=True)
class RaggedIds(Documents):
    """Ids of documents of different lengths, in memory.

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

    def to_ragged(self, rows: np.ndarray | None = None) -> RaggedIds:
        """Return the documents, or some of them."""
        return self if rows is None else RaggedIds(*select_ragged(self.values, self.row_splits, rows))

    def iterate_shards(self) -> Iterator[Part]:
        """Yield all documents at once."""
        rows = np.arange(len(self))
        yield Part(self, rows, rows)

    def shard_sizes(self) -> list[int]:
        """Return the number of documents."""
        return [len(self)]

    def iterate_epoch(self, order: np.ndarray | None, multiple: int, *, seed: int, epoch: int) -> Iterator[Part]:
        """Yield the documents of an epoch at once."""
        rows = np.arange(len(self)) if order is None else order
        yield Part(self, rows, rows)

    def tobytes(self) -> bytes:
        """Return all ids and the starts of the documents."""
        return self.values.tobytes() + self.row_splits.tobytes()


@dataclass(frozen=True)
class RaggedTargets:
    """Targets of the tokens of documents, of as many tokens as ``RaggedIds`` has.

    Attributes:
        values: Targets of all documents, concatenated, int32 (tokens,); -1: unknown.
        row_splits: As those of the ids.
    """

    values: np.ndarray
    row_splits: np.ndarray

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.row_splits) - 1

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return the targets of some documents, int32 (rows, length), padded with -1 to the length of their ids."""
        return pad_rows(self.values, self.row_splits, rows, padding=-1)

    def tobytes(self) -> bytes:
        """Return all targets, for a hash."""
        return self.values.tobytes() + self.row_splits.tobytes()


def pad_rows(values: np.ndarray, row_splits: np.ndarray, rows: np.ndarray, *, padding: int) -> np.ndarray:
    """Return some rows of a ragged array, int32, padded at the end to a common multiple of ``LENGTH_MULTIPLE``.

    Args:
        values: Values of all rows, int32 (tokens, ...).
        row_splits: Start of each row in ``values``, and the end of the last, int64 (rows + 1,).
        rows: Positions of the rows.
        padding: Value after the end of a row.
    """
    starts = row_splits[rows]
    lengths = row_splits[rows + 1] - starts
    length = LENGTH_MULTIPLE * max(1, -(-int(lengths.max(initial=0)) // LENGTH_MULTIPLE))
    inside = np.arange(length) < lengths[:, None]
    batch = np.full((len(rows), length, *values.shape[1:]), padding, np.int32)
    batch[inside] = values[(starts[:, None] + np.arange(length))[inside]]
    return batch


def select_ragged(values: np.ndarray, row_splits: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the values and row splits of some rows of a ragged array, given by their positions, int (rows,)."""
    lengths = row_splits[rows + 1] - row_splits[rows]
    splits = np.concatenate([[0], np.cumsum(lengths)])
    offsets = np.repeat(row_splits[rows] - splits[:-1], lengths)
    return values[np.arange(splits[-1]) + offsets], splits


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
    lengths: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    part: int = 0,
    window_batches: int = WINDOW_BATCHES,
) -> list[np.ndarray]:
    """Return the positions of the documents of each batch of an epoch: shuffled, of similar length, each once.

    The order depends on the arguments alone, so that an interrupted training resumes with the same batches.

    Args:
        lengths: Number of tokens of each document, int (documents,).
        batch_size: Number of documents in a batch.
        seed: Seed of the order.
        epoch: The epoch, from 0.
        part: Number of the part of the epoch, if the documents are a part of all.
        window_batches: Number of batches within which documents are sorted by length.
    """
    generator = np.random.default_rng((seed, epoch, 1 + part) if part else (seed, epoch))
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
    ids: Documents,
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
        for epoch in itertools.count(first_epoch):
            order = None if classes is None else balanced_order(classes, seed=seed, epoch=epoch)
            parts = ids.iterate_epoch(order, window_batches * batch_size, seed=seed, epoch=epoch)
            for number, part in enumerate(parts):
                batches = shuffled_batch_indices(
                    part.ids.lengths[part.positions], batch_size,
                    seed=seed, epoch=epoch, part=number, window_batches=window_batches,
                )  # fmt: skip
                for batch in batches:
                    # repeats documents of a last batch that is too small for all parts
                    whole = np.resize(batch, max(len(batch), shard.parts))
                    for chosen in shard.split(whole):
                        rows = part.rows[chosen]
                        inputs = part.ids.to_inputs(part.positions[chosen])
                        yield inputs, _select(targets, rows), weights[rows] / np.float32(len(whole))

    return dataset_from_generator(generate, _signature(ids, targets, weights))


def validation_batches(ids: Documents, targets: Targets, batch_size: int, shard: Shard = ALL) -> tf.data.Dataset:
    """Return a dataset of inputs and targets, each document once, in an order that never changes.

    Args:
        ids: The documents.
        targets: Targets of the documents, (documents, ...).
        batch_size: Number of documents in a batch.
        shard: The part of each batch to return.
    """

    def generate() -> Iterator[tuple[Any, np.ndarray]]:
        for part in ids.iterate_shards():
            for batch in sorted_batch_indices(part.ids.lengths, batch_size):
                for chosen in shard.split(batch):
                    yield part.ids.to_inputs(chosen), targets[part.rows[chosen]]

    count = sum(max(1, -(-size // batch_size)) for size in ids.shard_sizes()) * shard.count
    dataset = dataset_from_generator(generate, _signature(ids, targets))
    return dataset.apply(tf.data.experimental.assert_cardinality(count))


def _select(targets: Targets, rows: np.ndarray) -> Targets:
    return {name: array[rows] for name, array in targets.items()} if isinstance(targets, dict) else targets[rows]


def _signature(ids: Documents, *targets: Targets) -> tuple[Any, ...]:
    def describe(array: Any) -> tf.TensorSpec:
        if isinstance(array, RaggedTargets):
            return tf.TensorSpec((None, None), tf.int32)
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
