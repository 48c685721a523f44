"""The vocabulary and the ids of texts in files, which a cache finds again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.data.cache import Cache
from kerascnn.data.config import SourceConfig
from kerascnn.data.ray_counts import count_with_ray
from kerascnn.data.stored_ids import SHARD_ROWS, StoredIds, assign_shards, count_shards, write_ids
from kerascnn.data.stored_rows import StoredTexts
from kerascnn.text import segmentation
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import VERSION
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import read_stop_word_lines
from kerascnn.utils.atomic_files import read_json, write_json


def find_vectorizer(
    texts: StoredTexts,
    settings: TextConfig,
    cache: Cache,
    source: SourceConfig,
    *,
    vectors: str = "",
    verbose: bool = False,
) -> Vectorizer:
    """Return the vectorizer of some texts, see ``Vectorizer.adapt``; its vocabulary is counted once.

    Args:
        texts: Training texts.
        settings: Text settings.
        cache: Where the vocabulary is.
        source: The engine that counts.
        vectors: Path of a file of pretrained word vectors.
        verbose: Show a progress bar.
    """
    key = {
        "texts": texts.key(),
        "settings": settings.to_dict(),
        "rules": VERSION,
        "words": _hash(segmentation.load_words(settings, vectors)),
        "stop words": _hash(read_stop_word_lines(settings.stop_words) if settings.stop_words else []),
    }

    def write(folder: Path) -> dict[str, Any]:
        if source.engine == "ray":
            counts = count_with_ray(
                texts, settings, folder, workers=source.workers, vectors=vectors, verbose=verbose
            )  # fmt: skip
        else:
            counts = Vectorizer.count_tokens(texts, settings, vectors=vectors, verbose=verbose)
        vectorizer = Vectorizer.from_counts(counts, settings, vectors=vectors)
        values = {"vocabulary": vectorizer.vocabulary, "stop_words": list(vectorizer.stop_words)}
        write_json(folder / "vocabulary.json", values)
        return {}

    values = read_json(cache.find_or_write("vocabulary", key, write) / "vocabulary.json")
    return Vectorizer(settings, values["vocabulary"], values["stop_words"])


def find_ids(
    texts: StoredTexts,
    vectorizer: Vectorizer,
    cache: Cache,
    *,
    shuffled: bool,
    verbose: bool = False,
) -> tuple[StoredIds, np.ndarray]:
    """Return the ids of some texts, which are encoded once, and the position of the text of each of their documents.

    Args:
        texts: The texts.
        vectorizer: Turns texts into ids.
        cache: Where the ids are.
        shuffled: Whether the documents are distributed over the shards at random, as training documents are.
        verbose: Show a progress bar.
    """
    shard_of_row = assign_shards(len(texts), count_shards(len(texts), SHARD_ROWS), shuffled=shuffled)
    key = {
        "texts": texts.key(),
        "settings": vectorizer.settings.to_dict(),
        "rules": VERSION,
        "vocabulary": _hash([*vectorizer.vocabulary, "", *vectorizer.stop_words]),
        "shards": hashlib.sha256(shard_of_row.tobytes()).hexdigest(),
    }
    folder = cache.find_or_write(
        "ids", key, lambda folder: write_ids(folder, texts, vectorizer.encode, shard_of_row, verbose=verbose)
    )
    return StoredIds(folder), np.argsort(shard_of_row, kind="stable")


def _hash(values: list[str]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
