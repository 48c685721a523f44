"""Ids and targets of documents of different lengths, and their padding."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

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
    def take_shards(self, first: int, step: int) -> Documents:
        """Return the documents of every ``step``-th shard, which keep their positions among all documents."""

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

    def take_shards(self, first: int, step: int) -> RaggedIds:
        """Return the documents, which are one shard."""
        assert step == 1
        return self

    def tobytes(self) -> bytes:
        """Return all ids and the starts of the documents."""
        return self.values.tobytes() + self.row_splits.tobytes()


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
