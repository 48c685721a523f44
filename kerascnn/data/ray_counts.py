"""Count the tokens of texts in files with Ray, on the cores of one machine or of a cluster."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.data.stored_rows import StoredTexts
from kerascnn.text.config import TextConfig
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.ray_session import ONE_CORE_ENVIRONMENT, map_with_actors

COUNTED_ROWS = 2**17
"""Texts that a worker counts at a time."""


class TokenCounter:
    """An actor of Ray Data that counts tokens on one core.

    Args:
        folder: Folder of the rows, see ``StoredTexts``; a worker on another machine has it on a shared disk.
        positions: File with the positions of the texts in them; empty: all texts.
        settings: Text settings.
        vectors: See ``Vectorizer.adapt``.
    """

    def __init__(self, folder: Path, positions: str, settings: TextConfig, vectors: str) -> None:
        os.environ.update(ONE_CORE_ENVIRONMENT)
        self.texts = StoredTexts(folder, np.load(positions, mmap_mode="r") if positions else None)
        self.settings, self.vectors = settings, vectors

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the tokens of the texts from ``start`` to ``stop``, their frequencies, and the number of texts."""
        from kerascnn.text.vectorizer import Vectorizer  # imports TensorFlow, for which the environment is set now

        texts = self.texts[row["start"] : row["stop"]]
        counts = Vectorizer.count_tokens(texts, self.settings, vectors=self.vectors)
        return {"tokens": list(counts), "frequencies": np.array(list(counts.values()), np.int64), "texts": len(texts)}


def count_with_ray(
    texts: StoredTexts, settings: TextConfig, folder: Path, *, workers: int, vectors: str = "", verbose: bool = False
) -> Counter[str]:
    """Return the frequencies of the tokens of texts, see ``Vectorizer.count_tokens``.

    Args:
        texts: Texts in files that all workers can read.
        settings: Text settings.
        folder: Folder for a file that the workers read and that is deleted at the end.
        workers: Number of actors, one core each; 0: one for each core.
        vectors: See ``Vectorizer.adapt``.
        verbose: Show a progress bar.

    Raises:
        InputError: Ray is not installed, its cluster cannot be reached or is lost, or a worker cannot read the files.
    """
    counts: Counter[str] = Counter()
    positions = folder / "positions.npy"
    if texts.positions is not None:
        np.save(positions, texts.positions)
    arguments = (texts.folder.resolve(), "" if texts.positions is None else str(positions.resolve()), settings, vectors)
    starts = [*range(0, len(texts), COUNTED_ROWS), len(texts)]
    pieces = [{"start": start, "stop": stop} for start, stop in itertools.pairwise(starts)]
    found = map_with_actors(
        TokenCounter, arguments, pieces, workers=workers,
        hint=f"all workers must be able to read {texts.folder}, see --source.cache-dir",
    )  # fmt: skip
    with progress_bar(total=len(texts), title="building the vocabulary", unit="documents", verbose=verbose) as bar:
        for row in found:
            counts.update(dict(zip(row["tokens"], row["frequencies"], strict=True)))
            bar.update(int(row["texts"]))
    positions.unlink(missing_ok=True)
    return Counter({token: int(frequency) for token, frequency in counts.items()})
