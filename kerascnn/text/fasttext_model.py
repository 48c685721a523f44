"""Read word vectors from a model of fastText (``.bin``), which also has vectors of parts of words.

The vector of a word is the mean of its own and of those of its character n-grams (Bojanowski et al. 2017, Enriching
word vectors with subword information), so that words that the model never saw have a vector, too.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.utils.errors import InputError

MAGIC = (793_712_314).to_bytes(4, "little")
"""First bytes of a model."""
_VERSIONS = (11, 12)
_SUPERVISED = 3
_END_OF_SENTENCE = "</s>"
_MAX_WORD_BYTES = 10_000
_MAX_DIMENSIONS = 65_536
_FNV_OFFSET, _FNV_PRIME = 2_166_136_261, 16_777_619


def is_fasttext_model(path: str | Path) -> bool:
    """Return whether a file is a model of fastText; False if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == MAGIC
    except (OSError, ValueError):
        return False


@dataclass(frozen=True)
class FastTextModel:
    """Words and vectors of a model; the matrix stays in its file."""

    words: dict[str, int]
    """Row of each word, the most frequent ones first."""
    matrix: np.ndarray
    """Vectors of the words and, after them, of the buckets of n-grams, float32 (rows, dimensions), memory-mapped."""
    num_words: int
    num_buckets: int
    """Buckets of n-grams by their hash; 0: none."""
    min_length: int
    max_length: int
    """Characters of an n-gram."""

    def vector(self, word: str) -> np.ndarray | None:
        """Return the vector of a word, float32 (dimensions,); None for an unknown word without n-grams."""
        rows = [self.words[word]] if word in self.words else []
        if word != _END_OF_SENTENCE and self.num_buckets:
            rows += [self.num_words + code % self.num_buckets for code in self._hash_ngrams(word)]
        return self.matrix[rows].mean(axis=0, dtype=np.float32) if rows else None

    def _hash_ngrams(self, word: str) -> Iterator[int]:
        """Yield the hash of each character n-gram of a word between < and >, FNV-1a in 32 bits."""
        characters = [character.encode("utf-8", "surrogatepass") for character in f"<{word}>"]
        for start in range(len(characters)):
            code = _FNV_OFFSET
            for length, character in enumerate(characters[start : start + self.max_length], 1):
                for byte in character:
                    signed = byte | 0xFFFFFF00 if byte > 127 else byte  # the original program extends the sign
                    code = ((code ^ signed) * _FNV_PRIME) & 0xFFFFFFFF
                is_border = length == 1 and start in (0, len(characters) - 1)
                if length >= self.min_length and not is_border:
                    yield code


def load_fasttext_model(path: str | Path) -> FastTextModel:
    """Read the words of a model, and map its matrix into memory.

    Raises:
        InputError: The model is quantized, damaged, or of a version that is not known.
    """
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _read_model(path, _Reader(path, content))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


@dataclass
class _Reader:
    """Reads numbers and words of a model one after the other."""

    path: str | Path
    content: mmap.mmap
    position: int = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        """Return the numbers of a format of ``struct``."""
        start, self.position = self.position, self.position + struct.calcsize(layout)
        if self.position > len(self.content):
            raise self.damaged()
        return struct.unpack_from(layout, self.content, start)

    def word(self) -> str:
        """Return the text up to a zero byte, and skip its count and kind."""
        end = self.content.find(b"\0", self.position, self.position + _MAX_WORD_BYTES)
        if end < 0:
            raise self.damaged()
        word = self.content[self.position : end]
        self.position = end + 1 + struct.calcsize("<q?")
        return word.decode("utf-8", "replace")

    def damaged(self) -> InputError:
        return InputError(f"{self.path}: damaged or truncated model of fastText; download it again")


def _read_model(path: str | Path, reader: _Reader) -> FastTextModel:
    _, version = reader.numbers("<ii")
    if version not in _VERSIONS:
        raise InputError(f"{path}: a model of fastText of version {version}; write it again with fastText 0.9 or later")
    dimensions, *_, kind, buckets, min_length, max_length, _, _ = reader.numbers("<12id")
    _, num_words, num_labels, _, num_kept = reader.numbers("<iiiqq")
    sizes = (dimensions - 1, _MAX_DIMENSIONS - dimensions, buckets, num_words, num_labels, min_length, max_length)
    if min(sizes) < 0 or num_words + num_labels > len(reader.content):
        raise reader.damaged()
    if max_length == 0 or num_kept == 0 or (version == 11 and kind == _SUPERVISED):
        buckets = 0
    words: dict[str, int] = {}
    for number in range(num_words):
        words.setdefault(reader.word(), number)
    for _ in range(num_labels):
        reader.word()
    if num_kept > 0 or reader.numbers("<?")[0]:
        raise InputError(f"{path}: the vectors of this model of fastText are quantized; take its .bin or .vec file")
    num_rows, columns = reader.numbers("<qq")
    end = reader.position + 4 * num_rows * columns
    if columns != dimensions or num_rows < num_words + buckets or end > len(reader.content):
        raise reader.damaged()
    matrix = np.memmap(path, "<f4", mode="r", offset=reader.position, shape=(num_rows, columns))
    return FastTextModel(words, matrix, num_words, buckets, min_length, max_length)


def match_words(model: FastTextModel, tokens: Sequence[str], fold: Callable[[str], str]) -> dict[str, str]:
    """Return the word of a model for each token: the same one, or the most frequent one that differs in case.

    Args:
        model: The model.
        tokens: Tokens, of which some are not among its words; these are left out.
        fold: Makes words equal that differ in case or in the form of their characters.
    """
    wanted = {fold(token) for token in tokens if token not in model.words}
    folded: dict[str, str] = {}
    for word in model.words:
        if (key := fold(word)) in wanted:
            folded.setdefault(key, word)
    matches = {token: token if token in model.words else folded.get(fold(token)) for token in tokens}
    return {token: word for token, word in matches.items() if word is not None}
