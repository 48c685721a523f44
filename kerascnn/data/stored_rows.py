"""Rows in files: written once, in one pass of bounded memory, and read where they are needed.

The files of a split are ``texts.bin``, all texts one after the other as UTF-8, and one array each: ``offsets.npy``, the
start of each text and the end of the last; ``keys.npy``, a hash of each text; ``labels.npy``, positions in the
combinations of labels; ``places.npy``, file, number and line of each row.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from kerascnn.data.array_files import ArrayWriter
from kerascnn.data.indexed_rows import IndexedRows, find_first
from kerascnn.data.issues import RowCounter
from kerascnn.data.label_types import LABEL_TYPES, merge_label_types
from kerascnn.data.records import Row
from kerascnn.utils.arguments import CheckedTexts

PIECE_ROWS = 8192
"""Rows that are read or written at a time."""
_MAX_SPAN_BYTES = 1 << 24
"""Number of bytes from the first text to the last from which texts are not read at once."""
_MAX_GAP_BYTES = 1 << 16
"""Average number of bytes from one text to the next from which texts are read one by one."""
_PLACE = np.dtype([("file", "<i4"), ("type", "<i4"), ("number", "<i8"), ("line", "<i8")])
_TYPES = tuple(LABEL_TYPES)


def write_rows(folder: Path, rows: Iterable[Row], label_sets: dict[tuple[str, ...], int], files: dict[str, int]) -> int:
    """Write rows into a new folder, and return their number.

    Args:
        folder: The folder to create.
        rows: The rows, which are read once.
        label_sets: Combinations of labels to their positions; new ones are added.
        files: Names of files to their positions; new ones are added.
    """
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        texts = stack.enter_context(open(folder / "texts.bin", "wb"))
        offsets = stack.enter_context(ArrayWriter(folder / "offsets.npy", "<i8"))
        keys = stack.enter_context(ArrayWriter(folder / "keys.npy", "<u8"))
        labels = stack.enter_context(ArrayWriter(folder / "labels.npy", "<i4"))
        places = stack.enter_context(ArrayWriter(folder / "places.npy", _PLACE))
        end, rows = 0, iter(rows)
        offsets.append([0])
        while piece := list(itertools.islice(rows, PIECE_ROWS)):
            encoded = [row.text.encode("utf-8", "surrogatepass") for row in piece]
            texts.write(b"".join(encoded))
            ends = end + np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
            end = int(ends[-1])
            offsets.append(ends)
            hashes = b"".join([hashlib.blake2b(text, digest_size=8).digest() for text in encoded])
            keys.append(np.frombuffer(hashes, "<u8"))
            labels.append([label_sets.setdefault(row.labels, len(label_sets)) for row in piece])
            places.append(np.array([_describe_place(row, files) for row in piece], _PLACE))
        return labels.length


def _describe_place(row: Row, files: dict[str, int]) -> tuple[int, int, int, int]:
    return files.setdefault(row.file, len(files)), _TYPES.index(row.label_type), row.number, row.line


class StoredTexts(CheckedTexts):
    """Texts of stored rows, which are read where they are needed.

    Args:
        folder: Folder of the split.
        positions: Positions of the rows in the files, ascending, int (rows,); None: all.
    """

    def __init__(self, folder: Path, positions: np.ndarray | None = None) -> None:
        self.folder, self.positions = folder, positions
        self._offsets = np.load(folder / "offsets.npy", mmap_mode="r")

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._offsets) - 1 if self.positions is None else len(self.positions)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Return a text, or a list of texts."""
        if isinstance(index, slice):
            return self.read(np.arange(*index.indices(len(self))))
        return self.read(np.array([range(len(self))[index]]))[0]

    def __iter__(self) -> Iterator[str]:
        """Yield all texts."""
        for texts in self.iterate_pieces():
            yield from texts

    def key(self) -> str:
        """Return a hash of which texts these are: of the name of their folder in a cache, and their positions."""
        positions = b"" if self.positions is None else self.positions.tobytes()
        return hashlib.sha256("/".join(self.folder.parts[-2:]).encode() + positions).hexdigest()

    def iterate_pieces(self) -> Iterator[list[str]]:
        """Yield lists of ``PIECE_ROWS`` texts."""
        for start in range(0, len(self), PIECE_ROWS):
            yield self[start : start + PIECE_ROWS]

    def read(self, indices: np.ndarray) -> list[str]:
        """Return some texts, given by their positions, ascending, int (texts,)."""
        return [text.decode("utf-8", "surrogatepass") for text in self.read_bytes(indices)]

    def read_bytes(self, indices: np.ndarray) -> list[bytes]:
        """Return some texts as UTF-8, given by their positions, ascending, int (texts,)."""
        if not len(indices):
            return []
        rows = indices if self.positions is None else self.positions[indices]
        starts, ends = self._offsets[rows].tolist(), self._offsets[rows + 1].tolist()
        size = ends[-1] - starts[0]
        if size > _MAX_SPAN_BYTES and len(rows) > 1 and size <= _MAX_GAP_BYTES * len(rows):
            half = len(rows) // 2
            return self.read_bytes(indices[:half]) + self.read_bytes(indices[half:])
        with open(self.folder / "texts.bin", "rb") as file:
            if size > _MAX_SPAN_BYTES:
                return [_read_span(file, start, end) for start, end in zip(starts, ends, strict=True)]
            first = starts[0]
            span = _read_span(file, first, ends[-1])
        return [span[start - first : end - first] for start, end in zip(starts, ends, strict=True)]


def _read_span(file: Any, start: int, end: int) -> bytes:
    file.seek(start)
    content: bytes = file.read(end - start)
    return content


class StoredRows(Sequence[Row]):
    """Rows of a split that ``write_rows`` wrote, or a selection of them.

    Args:
        folder: Folder of the split.
        label_sets: Combinations of labels by position.
        files: Names of files by position.
        task: Name of the task of all rows.
        positions: Positions of the rows in the files, ascending, int (rows,); None: all.
        has_texts: Whether rows have their texts; otherwise these are empty, and iterating is fast.
    """

    def __init__(
        self,
        folder: Path,
        label_sets: Sequence[tuple[str, ...]],
        files: Sequence[str],
        task: str,
        *,
        positions: np.ndarray | None = None,
        has_texts: bool = True,
    ) -> None:
        self.folder, self.label_sets, self.files, self.task = folder, label_sets, files, task
        self.positions, self.has_texts = positions, has_texts
        self.texts = StoredTexts(folder, positions)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.texts)

    def __iter__(self) -> Iterator[Row]:
        """Yield all rows."""
        for start in range(0, len(self), PIECE_ROWS):
            yield from self._read(np.arange(start, min(start + PIECE_ROWS, len(self))))

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        """Return a row, or a list of rows."""
        if isinstance(index, slice):
            return self._read(np.arange(*index.indices(len(self))))
        return self._read(np.array([range(len(self))[index]]))[0]

    def select(self, indices: np.ndarray) -> StoredRows:
        """Return some of the rows, given by their positions, ascending, int (rows,)."""
        return self._copy(indices if self.positions is None else self.positions[indices], has_texts=self.has_texts)

    def without_texts(self) -> StoredRows:
        """Return the rows with empty texts, for functions that read labels and places only."""
        return self._copy(self.positions, has_texts=False)

    def sample(self, count: int) -> list[Row]:
        """Return at most ``count`` rows, drawn at random and always the same, in their order."""
        if len(self) <= count:
            return self[:]
        return self._read(np.unique(np.random.default_rng(0).integers(len(self), size=count)))

    def to_indexed(self) -> IndexedRows:
        """Return the rows with their numbers, to compare all of them at once."""
        return IndexedRows(self, self.load_array("keys"), self.load_array("labels"), self.label_sets)

    def count_duplicates(self) -> RowCounter:
        """Return a counter of the rows that repeat the text of an earlier row."""
        rows, duplicates = self.to_indexed(), RowCounter()
        rows.count_rows(duplicates, find_first(rows.texts) != np.arange(len(rows)))
        return duplicates

    def count_labels(self) -> Counter[str]:
        """Return how often each label occurs."""
        return self.to_indexed().count_labels()

    def load_array(self, name: str) -> np.ndarray:
        """Return an array of the rows, such as ``keys`` or ``labels``, (rows,)."""
        array = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return np.array(array if self.positions is None else array[self.positions])

    def find_labels(self) -> list[str]:
        """Return all labels of the rows, sorted."""
        return sorted(self.count_labels())

    def find_label_type(self) -> str:
        """Return the type of the labels in their files, see ``label_types``."""
        is_labelled = np.array([bool(labels) for labels in self.label_sets], bool)[self.load_array("labels")]
        types = np.unique(self.load_array("places")["type"][is_labelled])
        return merge_label_types(_TYPES[number] for number in types.tolist())

    def hash(self) -> str:
        """Return the hash of ``records.hash_rows``."""
        digest = hashlib.sha256()
        ends = ["\x1f{}\x1e".format("\x1d".join(labels)).encode("utf-8", "surrogatepass") for labels in self.label_sets]
        labels = self.load_array("labels")
        for start in range(0, len(self), PIECE_ROWS):
            part = labels[start : start + PIECE_ROWS].tolist()
            texts = self.texts.read_bytes(np.arange(start, start + len(part)))
            digest.update(b"".join([text + ends[number] for text, number in zip(texts, part, strict=True)]))
        return digest.hexdigest()

    def _copy(self, positions: np.ndarray | None, *, has_texts: bool) -> StoredRows:
        return StoredRows(self.folder, self.label_sets, self.files, self.task, positions=positions, has_texts=has_texts)

    def _read(self, indices: np.ndarray) -> list[Row]:
        rows = indices if self.positions is None else self.positions[indices]
        labels = np.load(self.folder / "labels.npy", mmap_mode="r")[rows].tolist()
        places = np.load(self.folder / "places.npy", mmap_mode="r")[rows].tolist()
        texts = self.texts.read(indices) if self.has_texts else itertools.repeat("", len(indices))
        return [
            Row(text, self.label_sets[number], self.files[place[0]], place[2], self.task, place[3], _TYPES[place[1]])
            for text, number, place in zip(texts, labels, places, strict=True)
        ]
