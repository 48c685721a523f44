"""Check that archives (.keras, .npz) hold no more than their size, before memory is allocated for their content."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from kerascnn.utils.errors import InputError

WEIGHTS_FILE, CONFIG_FILE = "model.weights.h5", "config.json"
"""Members of a .keras file."""
MAX_SETTING = 2**22
"""Largest number in the configuration of a model with few weights; dimensions are at most the bytes of the weights."""
_HEADER, _LENGTHS = struct.Struct("<4s22xHH"), struct.Struct("<HH")
"""Start of a member in a zip archive, and the lengths of its name and of its extra field at the end of that."""
_NO_DIMENSIONS = ("seed", "shared_object_id")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an uncompressed .npz file by name.

    Raises:
        InputError: It declares more bytes than it has.
        Exception: It is damaged; NumPy and zipfile raise many kinds.
    """
    with zipfile.ZipFile(path) as archive:
        _check_sizes(path, archive)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def check_keras_file(path: Path) -> None:
    """Check a .keras file: members without compression, arrays that are stored, and dimensions that the weights have.

    Raises:
        InputError: It declares more than it has.
        Exception: It is damaged; zipfile, json and h5py raise many kinds.
    """
    with zipfile.ZipFile(path) as archive:
        _check_sizes(path, archive)
        model, weights_size = json.loads(archive.read(CONFIG_FILE)), archive.getinfo(WEIGHTS_FILE).file_size
        with open(path, "rb") as file:
            _check_weights(path, _open_member(archive, WEIGHTS_FILE, file))
    for config in _iterate_objects(model):
        sizes = {name: x for name, x in config.items() if type(x) is int and name not in _NO_DIMENSIONS}
        if {"input_dim", "output_dim"} <= sizes.keys():
            sizes["input_dim × output_dim"] = sizes["input_dim"] * sizes["output_dim"]
        for name, size in sizes.items():
            if size > max(weights_size, MAX_SETTING):
                raise InputError(f"{path}: {name} is {size:,}, but its weights are {weights_size:,} bytes")


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    """Check the declared sizes of members; Keras and NumPy do not compress them."""
    declared, size = sum(member.file_size for member in archive.infolist()), path.stat().st_size
    if declared > size:
        raise InputError(f"{path}: declares {declared:,} bytes of content in a file of {size:,} bytes")


def _open_member(archive: zipfile.ZipFile, name: str, file: IO[bytes]) -> IO[bytes]:
    """Open a member of an archive; one that is not compressed without reading it, as zipfile does to seek.

    Args:
        archive: The archive.
        name: Name of the member.
        file: The archive, to read the member.
    """
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED:
        return archive.open(member)
    file.seek(member.header_offset + _HEADER.size - _LENGTHS.size)
    start = member.header_offset + _HEADER.size + sum(_LENGTHS.unpack(file.read(_LENGTHS.size)))
    return cast(IO[bytes], _Part(file, start, member.file_size))


class _Part(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._position = file, start, size, 0

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set and return the position."""
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read bytes into a buffer and return their number."""
        self._file.seek(self._start + self._position)
        content = self._file.read(max(0, min(len(buffer), self._size - self._position)))
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def _check_weights(path: Path, weights: IO[bytes]) -> None:
    """Check that the arrays of an HDF5 file are stored in it; it may declare others, which are zero."""
    import h5py  # Keras needs it

    def check(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.nbytes > item.id.get_storage_size():
            raise InputError(f"{path}: {name} declares {item.nbytes:,} bytes and stores {item.id.get_storage_size():,}")

    with h5py.File(weights, "r") as file:
        file.visititems(check)


def _iterate_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON value."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _iterate_objects(item)
