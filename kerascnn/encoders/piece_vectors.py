"""Static vectors of pieces of words: WordLlama's from its package, model2vec's from a folder or from the Hub.

A word gets the mean of the vectors of its pieces.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.encoders import wordllama
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.text.word_vectors import WordVectors
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.hugging_face import HUB, download, parse_address
from kerascnn.utils.optional_packages import import_optional

LAYOUTS = ("", "0_StaticEmbedding")
"""Where a folder has its vectors and its tokenizer: model2vec's way, or that of ``StaticEmbedding`` of
sentence-transformers."""
VECTORS, TOKENIZER = "model.safetensors", "tokenizer.json"
MATRICES = ("embeddings", "embedding.weight")
"""Names of the matrix of vectors."""
_BYTE = re.compile("<0x[0-9A-F]{2}>")
_SPACES = "\u2581\u0120 "  # how tokenizers write the space before a word


@dataclass(frozen=True)
class PieceVectors:
    """Vectors of the pieces of a tokenizer."""

    source: str
    """Name for messages."""
    tokenizer: Any
    """``tokenizers.Tokenizer``."""
    rows: np.ndarray
    """Vector of each piece by its id, float (pieces, dimensions)."""

    def look_up(self, vocabulary: Sequence[str]) -> WordVectors:
        """Return the vectors of the words of a vocabulary.

        A word is split as it is, with a capital letter and in capitals, and the fewest pieces count: a vocabulary in
        lower case has the vectors of names and abbreviations, too. Pieces without meaning, such as bytes, are left out.

        Args:
            vocabulary: Tokens by id; ids 0 and 1, padding and unknown, get no vector.

        Raises:
            InputError: No token has a vector.
        """
        words = vocabulary[len(RESERVED_TOKENS) :]
        spellings = (words, [word.capitalize() for word in words], [word.upper() for word in words])
        splits = [min(choices, key=self._count_pieces) for choices in zip(*map(self._split, spellings), strict=True)]
        known = [[piece for piece in pieces if piece not in self._meaningless] for pieces in splits]
        ids = [number for number, pieces in enumerate(known, len(RESERVED_TOKENS)) if pieces]
        if not ids:
            raise InputError(f"{self.source}: has none of the {len(words):,} tokens; is its language right?")
        rows = np.stack([self.rows[pieces].astype(np.float32).mean(axis=0) for pieces in known if pieces])
        if len(damaged := np.flatnonzero(~np.isfinite(rows).all(axis=1))):
            raise InputError(
                f"{self.source}: the vector of {vocabulary[ids[damaged[0]]]!r} has a number that is not finite;"
                " download or write the vectors again"
            )
        return WordVectors(np.array(ids), rows)

    def words(self) -> Iterator[str]:
        """Yield the words that are one piece, in the order of the tokenizer, each also in lower case."""
        with _explain_errors(f"{self.source}: its {TOKENIZER} cannot join pieces", "download the folder again"):
            decoded = self.tokenizer.decode_batch([[piece] for piece in range(len(self.rows))])
        words = [text.strip() for text in decoded]
        for number, (word, pieces) in enumerate(zip(words, self._split(words), strict=True)):
            if pieces == [number] and number not in self._meaningless:
                yield word
                if word.lower() != word:
                    yield word.lower()

    def _split(self, words: Sequence[str]) -> list[list[int]]:
        """Return the pieces of words that follow a space."""
        prefix = self._prefix
        texts = [prefix + word.encode("utf-8", "replace").decode("utf-8") for word in words]  # no lone surrogates
        with _explain_errors(f"{self.source}: its {TOKENIZER} cannot split words", "download the folder again"):
            return [pieces.ids for pieces in self.tokenizer.encode_batch(texts, add_special_tokens=False)]

    def _count_pieces(self, pieces: Sequence[int]) -> tuple[int, int]:
        return sum(piece in self._meaningless for piece in pieces), len(pieces)

    @cached_property
    def _config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads(self.tokenizer.to_str())
        return config

    @cached_property
    def _prefix(self) -> str:
        """Space before a word, if the tokenizer may not add it: those that work on bytes."""
        return " " if "ByteLevel" in json.dumps(self._config["pre_tokenizer"]) else ""

    @cached_property
    def _meaningless(self) -> frozenset[int]:
        """Unknown piece, bytes, and spaces alone."""
        unknown = {self._config["model"].get("unk_token"), self._config["model"].get("unk_id")}
        return frozenset(
            number
            for token, number in self.tokenizer.get_vocab().items()
            if {token, number} & unknown or _BYTE.fullmatch(token) or not token.strip(_SPACES)
        )


def load_piece_vectors(source: str) -> PieceVectors:
    """Load vectors of pieces; files that have not changed since the last time are not read again.

    Args:
        source: ``wordllama``, ``hf://OWNER/NAME``, which is downloaded, or a folder.

    Raises:
        InputError: A package is missing, the download fails, or a file is missing or damaged.
    """
    readers = import_optional("safetensors.numpy", "vectors"), import_optional("tokenizers", "vectors")
    weights, tokenizer = find_files(source)
    states = [os.stat(path) for path in (weights, tokenizer)]
    versions = tuple((state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size) for state in states)
    return _load(source, weights, tokenizer, versions, readers)


@lru_cache(maxsize=1)
def _load(
    source: str, weights: Path, tokenizer: Path, versions: tuple[tuple[int, ...], ...], readers: tuple[Any, Any]
) -> PieceVectors:
    """Load vectors of pieces; ``versions`` tell the files apart from others of their names."""
    with _explain_errors(f"{weights}: not a file of vectors", "download it again, or save it as float32"):
        arrays = readers[0].load_file(weights)
    rows = _select_rows(arrays, weights)
    with _explain_errors(f"{tokenizer}: not a tokenizer of Hugging Face's tokenizers", "download it again"):
        loaded = readers[1].Tokenizer.from_file(str(tokenizer))
    loaded.no_truncation()
    loaded.no_padding()
    if (pieces := max(loaded.get_vocab().values(), default=-1) + 1) > len(rows):
        raise InputError(f"{weights}: {len(rows):,} vectors for the {pieces:,} pieces of {tokenizer}")
    return PieceVectors(source, loaded, rows)


def find_files(source: str) -> tuple[Path, Path]:
    """Return the paths of the vectors and of the tokenizer; a repository is downloaded, unless it is in the cache.

    Args:
        source: See ``load_piece_vectors``.

    Raises:
        InputError: The package is missing or damaged, the download fails, or the folder lacks a file.
    """
    if source == wordllama.NAME:
        return wordllama.PACKAGE.find_file(wordllama.WEIGHTS), wordllama.PACKAGE.find_file(wordllama.TOKENIZER)
    folder = _download(source) if source.startswith(HUB) else Path(source)
    for layout in LAYOUTS:
        weights, tokenizer = folder / layout / VECTORS, folder / layout / TOKENIZER
        if os.path.isfile(weights) and os.path.isfile(tokenizer):
            return weights, tokenizer
    raise InputError(f"{source}: has no {VECTORS} and {TOKENIZER}; give a folder in the format of model2vec")


@contextmanager
def _explain_errors(message: str, remedy: str) -> Iterator[None]:
    """Raise an ``InputError`` for any error of a library in Rust: their classes are not of the public interface."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # a failed check in Rust
            raise
        raise InputError(f"{message} ({to_one_line(error)}); {remedy}") from None


def _download(source: str) -> Path:
    name, revision = parse_address(source, f"{HUB}minishlab/potion-base-8M")
    files = [f"{layout}/{file}".lstrip("/") for layout in LAYOUTS for file in (VECTORS, TOKENIZER)]
    remedy = "check the name and the network connection, or give a folder"
    return download(name, files, extra="vectors", remedy=remedy, revision=revision)


def _select_rows(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    """Return the vector of each piece: a matrix, perhaps with one row for several pieces, and a factor for each."""
    matrices = [arrays[name] for name in MATRICES if name in arrays]
    if not matrices or matrices[0].ndim != 2 or 0 in matrices[0].shape or matrices[0].dtype.kind not in "fiu":
        found = ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in arrays.items())
        raise InputError(f"{path}: expected a matrix {' or '.join(MATRICES)}, found {found or 'none'}")
    rows, mapping, weights = matrices[0], arrays.get("mapping"), arrays.get("weights")
    if mapping is not None:
        if mapping.dtype.kind not in "iu" or mapping.ndim != 1 or not np.isin(mapping, np.arange(len(rows))).all():
            raise InputError(
                f"{path}: mapping, {mapping.dtype} {mapping.shape}, is not the row of each piece among {len(rows):,}"
            )
        rows = rows[mapping]
    if weights is None:
        return rows
    if weights.shape != rows.shape[:1] or weights.dtype.kind not in "fiu":
        raise InputError(f"{path}: weights, {weights.dtype} {weights.shape}, for {len(rows):,} vectors")
    return rows * weights.astype(np.float32)[:, None]
