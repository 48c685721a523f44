"""From vectorized documents to padded batches: batches of similar length, so that little of them is padding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.utils.errors import InputError

# Batches are sorted by length inside windows of so many batches: wide enough that a batch holds hardly any padding,
# narrow enough that an epoch stays well shuffled.
WINDOW = 50
# Padded lengths are multiples of this, so that the kernels see few different shapes.
LENGTH_MULTIPLE = 4


@dataclass(frozen=True)
class RaggedIds:
    """Documents of different length, one after the other.

    ``values`` int32 (tokens,) holds the ids of all documents, ``row_splits`` int64 (documents + 1,) where each begins.
    """

    values: np.ndarray
    row_splits: np.ndarray

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each document, int64 (documents,)."""
        return np.diff(self.row_splits)

    def to_padded(self, rows: np.ndarray) -> np.ndarray:
        """Some documents as int32 (rows, length), padded with 0 to a common multiple of ``LENGTH_MULTIPLE``."""
        starts = self.row_splits[rows]
        lengths = self.row_splits[rows + 1] - starts
        length = LENGTH_MULTIPLE * max(1, -(-int(lengths.max(initial=0)) // LENGTH_MULTIPLE))
        inside = np.arange(length) < lengths[:, None]
        batch = np.zeros((len(rows), length), np.int32)
        batch[inside] = self.values[(starts[:, None] + np.arange(length))[inside]]
        return batch


@dataclass(frozen=True)
class Shard:
    """What a process gets of each batch that several share: some of its parts, a part a replica."""

    first: int = 0
    """The first part, from 0."""
    count: int = 1
    """How many parts, one after the other."""
    parts: int = 1
    """How many there are in all."""

    def split(self, rows: np.ndarray) -> list[np.ndarray]:
        """The rows of each part; all parts together hold every row once.

        Raises:
            InputError: There are fewer rows than parts.
        """
        if len(rows) < self.parts:
            raise InputError(f"{len(rows)} documents cannot be shared by {self.parts} devices; take fewer devices")
        return [rows[part :: self.parts] for part in range(self.first, self.first + self.count)]


ALL = Shard()
"""All of every batch: one process, one device."""


def shuffled_batch_indices(lengths: np.ndarray, batch_size: int, *, seed: int, epoch: int) -> list[np.ndarray]:
    """The rows of each batch of an epoch: shuffled, of similar length, every row once.

    The order depends on nothing but the arguments, so that an interrupted run goes on where it stopped.
    """
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(lengths))
    windows = np.split(order, range(WINDOW * batch_size, len(order), WINDOW * batch_size))
    by_length = np.concatenate([window[np.argsort(lengths[window], kind="stable")] for window in windows])
    batches = np.split(by_length, range(batch_size, len(order), batch_size))
    return [batches[i] for i in generator.permutation(len(batches))]


def balanced_order(classes: np.ndarray, *, seed: int, epoch: int) -> np.ndarray:
    """As many rows as there are, int64 (documents,), of each class equally many (or one more or less).

    The rows of a class stand among them equally often (or one time more or less): those of a large class, then, at most
    once, another part of them each epoch. Rows without a class, below 0, stand among them once and take no part. What
    is drawn depends on nothing but the arguments.
    """
    generator = np.random.default_rng((seed, epoch, 1))
    known = np.flatnonzero(classes >= 0)
    names = generator.permutation(np.unique(classes[known]))
    drawn = [np.flatnonzero(classes < 0)]
    for name, part in zip(names, np.array_split(known, len(names)), strict=True):
        rows = generator.permutation(np.flatnonzero(classes == name))
        drawn.append(np.resize(rows, len(part)))
    return np.sort(np.concatenate(drawn))


def sorted_batch_indices(lengths: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """The rows of each batch for prediction: shortest documents first, every row once, batches of about one size."""
    return np.array_split(np.argsort(lengths, kind="stable"), max(1, -(-len(lengths) // batch_size)))


def training_batches(
    ids: RaggedIds,
    labels: np.ndarray,
    batch_size: int,
    *,
    seed: int,
    first_epoch: int,
    weights: np.ndarray | None = None,
    classes: np.ndarray | None = None,
    shard: Shard = ALL,
) -> tf.data.Dataset:
    """Endless batches of ids, labels and weights, epoch after epoch.

    Args:
        ids: The documents.
        labels: What they are to be answered with.
        batch_size: Documents in a batch.
        seed: Seed of the order.
        first_epoch: The epoch to begin with, from 0.
        weights: What each document counts, float32 (documents,); None: all the same.
        classes: Class of each document, int (documents,), for ``balanced_order``; None: each document once per epoch.
        shard: What is wanted of each batch.

    Returns:
        ids int32 (batch, length), labels as given (batch, ...), and what each document counts, divided by the number
        of documents in the whole batch, float32 (batch,).
    """
    weights = np.ones(len(ids), np.float32) if weights is None else weights

    def generate() -> Iterator[tuple[np.ndarray, ...]]:
        drawn = np.arange(len(ids))
        for epoch in itertools.count(first_epoch):
            if classes is not None:
                drawn = balanced_order(classes, seed=seed, epoch=epoch)
            for batch in shuffled_batch_indices(ids.lengths[drawn], batch_size, seed=seed, epoch=epoch):
                # of a rest that is too small for all parts some documents are taken twice
                whole = np.resize(drawn[batch], max(len(batch), shard.parts))
                for rows in shard.split(whole):
                    yield ids.to_padded(rows), labels[rows], weights[rows] / np.float32(len(whole))

    return dataset_from_generator(generate, _signature(labels, weights))


def validation_batches(ids: RaggedIds, labels: np.ndarray, batch_size: int, shard: Shard = ALL) -> tf.data.Dataset:
    """Batches as for training, each document once, in an order that never changes."""

    batches = sorted_batch_indices(ids.lengths, batch_size)

    def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for batch in batches:
            for rows in shard.split(batch):
                yield ids.to_padded(rows), labels[rows]

    count = len(batches) * shard.count
    return dataset_from_generator(generate, _signature(labels)).apply(tf.data.experimental.assert_cardinality(count))


def _signature(*arrays: np.ndarray) -> tuple[tf.TensorSpec, ...]:
    return tf.TensorSpec((None, None), tf.int32), *(tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in arrays)


def dataset_from_generator(generate: Callable[[], Iterator[Any]], signature: Any) -> tf.data.Dataset:
    """The batches of a generator, made ready while the one before is worked on.

    Args:
        generate: Makes the batches, nested tuples of arrays.
        signature: ``tf.TensorSpec`` of each array, nested alike.
    """
    options = tf.data.Options()
    # Autotune can stall the end of an epoch for seconds.
    options.autotune.enabled = False
    return tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(4).with_options(options)
