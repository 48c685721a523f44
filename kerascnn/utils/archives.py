"""Check that archives (.keras, .npz) hold no more than their size, before memory is allocated for their content."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.utils.errors import InputError

WEIGHTS_FILE, CONFIG_FILE = "model.weights.h5", "config.json"
"""Members of a .keras file."""
MAX_SETTING = 2**22
"""Largest number in the configuration of a model with few weights; dimensions are at most the bytes of the weights."""
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
        weights, model = archive.read(WEIGHTS_FILE), json.loads(archive.read(CONFIG_FILE))
    _check_weights(path, weights)
    for config in _iterate_objects(model):
        sizes = {name: x for name, x in config.items() if type(x) is int and name not in _NO_DIMENSIONS}
        if {"input_dim", "output_dim"} <= sizes.keys():
            sizes["input_dim × output_dim"] = sizes["input_dim"] * sizes["output_dim"]
        for name, size in sizes.items():
            if size > max(len(weights), MAX_SETTING):
                raise InputError(f"{path}: {name} is {size:,}, but its weights are {len(weights):,} bytes")


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    """Check the declared sizes of members; Keras and NumPy do not compress them."""
    declared, size = sum(member.file_size for member in archive.infolist()), path.stat().st_size
    if declared > size:
        raise InputError(f"{path}: declares {declared:,} bytes of content in a file of {size:,} bytes")


def _check_weights(path: Path, content: bytes) -> None:
    """Check that the arrays of an HDF5 file are stored in it; it may declare others, which are zero."""
    import h5py  # Keras needs it

    def check(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.nbytes > item.id.get_storage_size():
            raise InputError(f"{path}: {name} declares {item.nbytes:,} bytes and stores {item.id.get_storage_size():,}")

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(check)


def _iterate_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON value."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _iterate_objects(item)
