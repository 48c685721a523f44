"""Ids of documents in files, in shards of which one at a time is in memory.

The files are ``lengths.npy``, the number of ids of each document, and ``ids-00000.npy``, … with the ids of the
documents of one shard after the other. A shard is a random part of the training documents: then batches that are formed
within shards are as mixed as those of all documents, whatever the order of the rows in their files.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.data.array_files import ArrayWriter
from kerascnn.data.cache import read_values
from kerascnn.data.ragged import Documents, Part, RaggedIds, select_ragged
from kerascnn.data.stored_rows import StoredTexts
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.progress import progress_bar

SHARD_ROWS = 2**18
"""Documents of a shard, on average."""
MAX_SHARDS = 512
"""Largest number of shards, whose files are open at the same time while they are written."""
ENCODED_ROWS = 2**14
"""Documents that are encoded at a time."""

Encode = Callable[[list[str]], tuple[np.ndarray, np.ndarray]]
"""Texts to the values and row splits of their ids."""


def count_shards(rows: int, shard_rows: int) -> int:
    """Return the number of shards of some documents, each with at most about ``shard_rows`` of them.

    It is 1, 2, 4 or a multiple of 8, so that the usual numbers of processes have equally many.
    """
    needed = min(MAX_SHARDS, -(-rows // shard_rows))
    return next((number for number in (1, 2, 4) if needed <= number), 8 * -(-needed // 8))


def assign_shards(rows: int, shards: int, *, shuffled: bool) -> np.ndarray:
    """Return the shard of each document, int16 (rows,); always the same.

    Args:
        rows: Number of documents.
        shards: Number of shards.
        shuffled: Whether a shard is a random part of the documents; otherwise the documents keep their order.
    """
    if shuffled and shards > 1:
        return np.random.default_rng(0).permutation((np.arange(rows) % shards).astype(np.int16))
    return (np.arange(rows) * shards // max(1, rows)).astype(np.int16)


def write_ids(
    folder: Path, texts: StoredTexts, encode: Encode, shard_of_row: np.ndarray, *, verbose: bool = False
) -> dict[str, Any]:
    """Encode texts into files of a folder, and return the values that ``StoredIds`` needs.

    Args:
        folder: An empty folder.
        texts: The texts.
        encode: Turns texts into ids.
        shard_of_row: Shard of each text, see ``assign_shards``.
        verbose: Show a progress bar.
    """
    sizes = np.bincount(shard_of_row, minlength=1)
    lengths = np.zeros(len(texts), np.int32)
    with (
        contextlib.ExitStack() as stack,
        progress_bar(total=len(texts), title="encoding", unit="documents", verbose=verbose) as bar,
    ):
        files = [stack.enter_context(ArrayWriter(_shard_path(folder, number), "<i4")) for number in range(len(sizes))]
        for start in range(0, len(texts), ENCODED_ROWS):
            piece = texts[start : start + ENCODED_ROWS]
            values, row_splits = encode(piece)
            shards = shard_of_row[start : start + len(piece)]
            lengths[start : start + len(piece)] = np.diff(row_splits)
            by_shard = np.argsort(shards, kind="stable")
            values, row_splits = select_ragged(values, row_splits, by_shard)
            ends = row_splits[np.searchsorted(shards[by_shard], np.arange(len(sizes)), side="right")]
            for file, part in zip(files, np.split(values, ends[:-1]), strict=True):
                file.append(part)
            bar.update(len(piece))
    np.save(folder / "lengths.npy", lengths[np.argsort(shard_of_row, kind="stable")])
    digest = hashlib.sha256("".join(sha256(path) for path in sorted(folder.iterdir())).encode())
    return {"sizes": sizes.tolist(), "sha256": digest.hexdigest()}


def _shard_path(folder: Path, number: int) -> Path:
    return folder / f"ids-{number:05d}.npy"


class StoredIds(Documents):
    """Ids that ``write_ids`` wrote, in the order of the shards.

    Args:
        folder: Folder of the files, an entry of a ``Cache``.
        shards: Numbers of the shards to train on; None: all.
    """

    def __init__(self, folder: Path, shards: Sequence[int] | None = None) -> None:
        values = read_values(folder)
        self.folder, self.sha256 = folder, values["sha256"]
        self.ends = np.cumsum([0, *values["sizes"]])
        self.shards = range(len(values["sizes"])) if shards is None else shards
        self._lengths = np.load(folder / "lengths.npy")

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self._lengths)

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each document, int32 (documents,)."""
        return np.asarray(self._lengths)

    @property
    def signature(self) -> Any:
        """``tf.TensorSpec`` of a batch."""
        return tf.TensorSpec((None, None), tf.int32)

    def load_shard(self, number: int) -> RaggedIds:
        """Return the documents of a shard, whose ids are mapped into memory."""
        lengths = self._lengths[self.ends[number] : self.ends[number + 1]]
        row_splits = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        path = _shard_path(self.folder, number)
        return RaggedIds(np.load(path, mmap_mode="r") if row_splits[-1] else np.empty(0, np.int32), row_splits)

    def to_ragged(self, rows: np.ndarray | None = None) -> RaggedIds:
        """Return some documents in memory, given by their positions, ascending, int (rows,); None: all."""
        rows = np.arange(len(self)) if rows is None else rows
        # one shard after the other: the pages of a mapped file count as memory of the process
        parts = [_copy(self._load_part(number, rows)) for number in range(len(self.ends) - 1)]
        return _join(parts).ids

    def iterate_shards(self) -> Iterator[Part]:
        """Yield the documents of each shard."""
        for number, size in enumerate(self.shard_sizes()):
            positions = np.arange(size)
            yield Part(self.load_shard(number), positions, positions + self.ends[number])

    def shard_sizes(self) -> list[int]:
        """Return the number of documents of each shard."""
        sizes: list[int] = np.diff(self.ends).tolist()
        return sizes

    def iterate_epoch(self, order: np.ndarray | None, multiple: int, *, seed: int, epoch: int) -> Iterator[Part]:
        """Yield the documents of one shard after the other, in an order of the shards that depends on the epoch.

        What is left of a shard joins the next one, so that only the last batch of an epoch is smaller than the others.
        """
        rest = Part(RaggedIds(np.empty(0, np.int32), np.zeros(1, np.int64)), *[np.empty(0, np.int64)] * 2)
        shards = np.random.default_rng((seed, epoch)).permutation(self.shards).tolist()
        for number in shards:
            part = _concatenate([rest, self._load_part(number, order)])
            size = len(part.rows) if number == shards[-1] else len(part.rows) // multiple * multiple
            if size:
                yield Part(part.ids, part.positions[:size], part.rows[:size])
            rest = _copy(Part(part.ids, part.positions[size:], part.rows[size:]))

    def take_shards(self, first: int, step: int) -> StoredIds:
        """Return the documents of every ``step``-th shard for ``iterate_epoch``."""
        return StoredIds(self.folder, self.shards[first::step])

    def tobytes(self) -> bytes:
        """Return the hash of all files."""
        return bytes.fromhex(self.sha256)

    def _load_part(self, number: int, order: np.ndarray | None) -> Part:
        """Return the documents of a shard, or those in an ascending order of all."""
        start, end = self.ends[number : number + 2].tolist()
        if order is None:
            positions = np.arange(end - start)
        else:
            positions = order[slice(*np.searchsorted(order, [start, end]))] - start
        return Part(self.load_shard(number), positions, positions + start)


def _copy(part: Part) -> Part:
    """Return the documents of a part as all documents of an array in memory."""
    return Part(part.ids.to_ragged(part.positions), np.arange(len(part.rows)), part.rows)


def _concatenate(parts: list[Part]) -> Part:
    """Return the documents of several parts as one, in memory; of a single part with documents, that one."""
    filled = [part for part in parts if len(part.rows)]
    return filled[0] if len(filled) == 1 else _join([_copy(part) for part in filled])


def _join(copies: list[Part]) -> Part:
    """Return the documents of several results of ``_copy`` as one."""
    values = np.concatenate([np.empty(0, np.int32), *(part.ids.values for part in copies)])
    lengths = np.concatenate([np.empty(0, np.int64), *(part.ids.lengths for part in copies)])
    rows = np.concatenate([np.empty(0, np.int64), *(part.rows for part in copies)])
    return Part(
        RaggedIds(values, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)), np.arange(len(rows)), rows
    )
