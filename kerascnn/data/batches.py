"""``tf.data`` datasets of padded batches of documents of similar length, which contain little padding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.data.ragged import Documents, Part, RaggedTargets
from kerascnn.utils.errors import InputError

Targets = Any
"""Targets, an array with one row per document, or several arrays by name; or ``RaggedTargets``."""
# Documents are sorted by length within windows of this many batches: wide enough that a batch has hardly any padding,
# narrow enough that an epoch stays well shuffled.
WINDOW_BATCHES = 50


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

    If the documents are in as many shards as a batch has parts, or a multiple, each part comes from shards of its own.

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

    options: dict[str, Any] = {"seed": seed, "window_batches": window_batches}

    def generate() -> Iterator[tuple[Any, Targets, np.ndarray]]:
        for epoch in itertools.count(first_epoch):
            if classes is None and has_own_shards(ids, batch_size, shard):
                batches = _iterate_own_shards(ids, batch_size, shard, epoch=epoch, **options)
            else:
                order = None if classes is None else balanced_order(classes, seed=seed, epoch=epoch)
                batches = _iterate_all_shards(ids, batch_size, shard, order=order, epoch=epoch, **options)
            for part, positions, size in batches:
                rows = part.rows[positions]
                inputs = part.ids.to_inputs(part.positions[positions])
                yield inputs, _select(targets, rows), weights[rows] / np.float32(size)

    return dataset_from_generator(generate, _signature(ids, targets, weights))


def has_own_shards(ids: Documents, batch_size: int, shard: Shard) -> bool:
    """Return whether each part of a batch comes from shards of its own, so that a process reads no others."""
    return shard.parts > 1 and batch_size % shard.parts == 0 and len(ids.shard_sizes()) % shard.parts == 0


def _iterate_all_shards(
    ids: Documents, batch_size: int, shard: Shard, *, order: np.ndarray | None, **options: Any
) -> Iterator[tuple[Part, np.ndarray, float]]:
    """Yield the parts of each batch of an epoch, positions in a part in memory, and the size of the whole batch."""
    for part, batch in _iterate_batches(ids, batch_size, order, **options):
        # repeats documents of a last batch that is too small for all parts
        whole = np.resize(batch, max(len(batch), shard.parts))
        for positions in shard.split(whole):
            yield part, positions, len(whole)


def _iterate_own_shards(
    ids: Documents, batch_size: int, shard: Shard, **options: Any
) -> Iterator[tuple[Part, np.ndarray, float]]:
    """Yield the same from the shards of each part; all processes know the sizes of all parts of a step."""
    sizes, size = ids.shard_sizes(), batch_size // shard.parts
    counts = np.array([sum(sizes[part :: shard.parts]) for part in range(shard.parts)])
    own = [ids.take_shards(part, shard.parts) for part in range(shard.first, shard.first + shard.count)]
    streams = [_iterate_batches(part, size, None, **options, is_short_last=True) for part in own]
    found: list[tuple[Part, np.ndarray]] = [next(stream) for stream in streams]
    for step in range(-(-len(ids) // batch_size)):
        total = int(np.clip(counts - step * size, 0, size).sum())
        for number, stream in enumerate(streams):
            batch = found[number] if step == 0 else next(stream, None)
            if batch:
                found[number] = batch
                yield *batch, total
            else:  # the last step has documents of other parts only
                part, positions = found[number]
                yield part, positions[:1], np.inf


def _iterate_batches(
    ids: Documents,
    batch_size: int,
    order: np.ndarray | None,
    *,
    seed: int,
    epoch: int,
    window_batches: int,
    is_short_last: bool = False,
) -> Iterator[tuple[Part, np.ndarray]]:
    """Yield the part in memory and the positions in it of each batch of an epoch."""
    for number, part in enumerate(ids.iterate_epoch(order, window_batches * batch_size, seed=seed, epoch=epoch)):
        lengths = part.ids.lengths[part.positions]
        batches = shuffled_batch_indices(
            lengths, batch_size, seed=seed, epoch=epoch, part=number, window_batches=window_batches
        )
        for batch in sorted(batches, key=len, reverse=True) if is_short_last else batches:
            yield part, batch


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
