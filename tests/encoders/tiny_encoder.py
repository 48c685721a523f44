"""A small sentence encoder with random weights, in the files of the Universal Sentence Encoder."""

from __future__ import annotations

import contextlib
import getpass
import os
import tempfile
from pathlib import Path

import numpy as np

from kerascnn.text.sentencepiece import SentencePieceModel

VERSION = 3
"""To be raised when the content of the files changes."""
CONTROL = ("<s>", "</s>")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?'\"-:;()"
WORDS = ("the", "of", "and", "to", "a", "in", "said", "is", "for", "on", "market", "game", "win", "s", "ed", "ing")
HAN_CODES = [(row, column) for row in range(0xB0, 0xD7) for column in range(0xA1, 0xFF)]
HAN = bytes(byte for code in HAN_CODES for byte in code).decode("gb2312")
"""The 3,666 most frequent Chinese characters."""
EMBEDDING, FILTERS, HIDDEN, SENTENCE, BLOCKS = 32, 32, 32, 64, 3


def tiny_sentence_encoder() -> str:
    """Return the folder of the encoder; it is written once and always the same."""
    folder = Path(tempfile.gettempdir()) / f"kerascnn-tiny-encoder-{getpass.getuser()}-{VERSION}"
    if not folder.exists():
        partial = tempfile.mkdtemp(dir=folder.parent)
        write_encoder(Path(partial))
        with contextlib.suppress(OSError):  # another process has written it in the meantime
            os.rename(partial, folder)
    return str(folder)


def write_encoder(folder: Path) -> None:
    """Write ``weights.npz`` and ``sp.model``."""
    pieces = [*CONTROL, "▁", *(f"▁{word}" for word in WORDS), *WORDS[-3:], *LETTERS, *"，。！", *HAN]
    pieces = list(dict.fromkeys(pieces))
    scores = tuple(0.0 if piece in CONTROL else -2.0 - 0.002 * number for number, piece in enumerate(pieces))
    model = SentencePieceModel(tuple(pieces), scores, frozenset(CONTROL))
    (folder / "sp.model").write_bytes(model.serialize())
    np.savez(folder / "weights.npz", **make_arrays(1 + len(pieces)))


def make_arrays(num_pieces: int) -> dict[str, np.ndarray]:
    """Return random weights in the order of the file."""
    rng = np.random.default_rng(0)

    def kernel(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, rows**-0.5, (rows, columns)).astype(np.float32)

    zeros = lambda size: np.zeros(size, np.float32)  # noqa: E731
    ones = lambda size: np.ones(size, np.float32)  # noqa: E731
    table = rng.integers(0, 64, (num_pieces, EMBEDDING)).astype(np.uint8)
    arrays = {f"q{block + 1}": table[block::BLOCKS] for block in range(BLOCKS)}
    arrays["scale"] = np.linspace(0.1, 0.12, BLOCKS, dtype=np.float32)
    arrays["lo"] = -32 * arrays["scale"]
    for size in (2, 3, 5):
        arrays |= {f"proj{size}": kernel(EMBEDDING, FILTERS), f"proj_b{size}": zeros(FILTERS)}
        arrays |= {f"ln_g{size}": ones(FILTERS), f"ln_b{size}": zeros(FILTERS)}
        for number in (1, 2):
            arrays |= {f"w{number}_{size}": kernel(size * FILTERS, FILTERS), f"b{number}_{size}": zeros(FILTERS)}
    channels = EMBEDDING + 3 * FILTERS
    arrays |= {"ln_g": ones(channels), "ln_b": zeros(channels), "eps": np.float64(1e-12)}
    arrays |= {"cnn_W": kernel(channels, SENTENCE), "cnn_b": zeros(SENTENCE)}
    arrays |= {"d0": kernel(SENTENCE, HIDDEN), "d1": kernel(HIDDEN, HIDDEN), "p1": kernel(SENTENCE, HIDDEN)}
    arrays |= {"d2": kernel(HIDDEN, SENTENCE), "p3": kernel(HIDDEN, SENTENCE), "d3": kernel(SENTENCE, SENTENCE)}
    return arrays
