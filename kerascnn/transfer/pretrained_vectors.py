"""Open a source of pretrained word vectors: a file of words, or vectors of pieces of words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from kerascnn.config import TransferConfig
from kerascnn.encoders.piece_vectors import load_piece_vectors
from kerascnn.text import word_vectors
from kerascnn.text.word_vectors import WordVectors
from kerascnn.utils.errors import InputError


class VectorSource(Protocol):
    """Vectors of words."""

    def look_up(self, vocabulary: Sequence[str]) -> WordVectors:
        """Return the vectors of the tokens of a vocabulary."""

    def words(self) -> Iterator[str]:
        """Yield words that have a vector, usually the most frequent ones first."""


@dataclass(frozen=True)
class VectorFile:
    """A file of word vectors, see ``word_vectors``."""

    path: str

    def look_up(self, vocabulary: Sequence[str]) -> WordVectors:
        """Return the vectors of the tokens of a vocabulary, see ``word_vectors.read_vectors``."""
        return word_vectors.read_vectors(self.path, vocabulary)

    def words(self) -> Iterator[str]:
        """Yield the words of the file in its order."""
        return word_vectors.read_words(self.path)


def open_vectors(settings: TransferConfig) -> VectorSource:
    """Open the vectors of a run.

    Raises:
        InputError: The vectors are of pieces of words, and a package or a file is missing or damaged.
    """
    return load_piece_vectors(settings.vectors) if settings.has_piece_vectors else VectorFile(settings.vectors)


def check_vectors(settings: TransferConfig) -> None:
    """Check that the vectors of a run can be read, before other work; a repository is downloaded.

    Of a file of word vectors, only the start is read.

    Raises:
        InputError: A package or a file is missing or damaged, or the download fails.
    """
    if settings.has_piece_vectors:
        load_piece_vectors(settings.vectors)
    elif settings.vectors:
        if not os.path.exists(settings.vectors):
            raise InputError(
                f"{settings.vectors}: no such file of word vectors; give a file, a folder in the format of model2vec,"
                " wordllama, or hf://OWNER/NAME of the Hugging Face Hub"
            )
        next(word_vectors.read_words(settings.vectors), None)
