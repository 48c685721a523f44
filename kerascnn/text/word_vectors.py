"""Read pretrained word vectors from a file, only the rows of a vocabulary.

``vector_files`` and ``fasttext_model`` name the formats.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerascnn.text.fasttext_model import is_fasttext_model, load_fasttext_model, match_words
from kerascnn.text.vector_files import SkippedEntries, read_entries
from kerascnn.utils.errors import InputError


@dataclass(frozen=True)
class WordVectors:
    """The vectors that a file has for a vocabulary."""

    ids: np.ndarray
    """Ids of the tokens that have a vector, int64 (matches,), ascending."""
    rows: np.ndarray
    """Their vectors, float32 (matches, dimensions)."""
    messages: tuple[str, ...] = ()
    """Warnings about entries of the file that were skipped, one sentence each."""


def read_vectors(path: str | Path, vocabulary: Sequence[str]) -> WordVectors:
    """Read the vectors of the tokens in a vocabulary.

    A token gets the vector of the same word; otherwise that of the first word that equals it in lower case; otherwise
    that of the first word that equals it after NFKC normalization and case folding. A model of fastText has vectors of
    the n-grams of all other tokens.

    Args:
        path: The file.
        vocabulary: Tokens by id; ids 0 and 1, padding and unknown, get no vector.

    Raises:
        InputError: The file is missing, damaged or of an unknown format, or has none of the tokens.
    """
    path = Path(path)
    if is_fasttext_model(path):
        return _read_fasttext_vectors(path, vocabulary)
    exact = {token: number for number, token in enumerate(vocabulary) if number > 1}
    folded: dict[str, int] = {}
    for token, number in exact.items():
        folded.setdefault(_fold(token), number)
    ranks: dict[int, int] = {}
    rows: dict[int, np.ndarray] = {}
    skipped = SkippedEntries(path)
    for line, word, parse_vector in read_entries(path, skipped):
        match = _look_up(word, exact, folded)
        if match is None:
            continue
        rank, number = match
        if ranks.get(number, 3) <= rank:
            if ranks[number] == rank == 0:
                skipped.add("its word is a duplicate; the first one is used", line)
            continue
        try:
            row = parse_vector()
        except ValueError as error:
            skipped.add(str(error), line)
            continue
        ranks[number], rows[number] = rank, row
    if not rows:
        skips = "".join(f" ({message.removeprefix(f'{path}: ')})" for message in skipped.messages()[:1])
        raise InputError(
            f"{path}: has none of the {len(exact):,} tokens{skips}; are its language and the text level right?"
        )
    ids = sorted(rows)
    return WordVectors(np.array(ids), np.stack([rows[number] for number in ids]), skipped.messages())


def read_words(path: str | Path) -> Iterator[str]:
    """Yield the words of a file in its order, which usually is by decreasing frequency."""
    if is_fasttext_model(path):
        yield from load_fasttext_model(path).words
        return
    for _, word, _ in read_entries(Path(path), SkippedEntries(Path(path))):
        yield word


def _read_fasttext_vectors(path: Path, vocabulary: Sequence[str]) -> WordVectors:
    model = load_fasttext_model(path)
    matches = match_words(model, vocabulary[2:], _fold)
    found = {number: model.vector(matches.get(token, token)) for number, token in enumerate(vocabulary) if number > 1}
    rows = {number: row for number, row in found.items() if row is not None and np.isfinite(row).all()}
    if not rows:
        raise InputError(f"{path}: has none of the {len(found):,} tokens; are its language and the text level right?")
    skipped = sum(row is not None for row in found.values()) - len(rows)
    messages = (f"{path}: skipped {skipped} vectors with a value that is not finite",) if skipped else ()
    return WordVectors(np.array(list(rows)), np.stack(list(rows.values())), messages)


def _look_up(word: str, exact: dict[str, int], folded: dict[str, int]) -> tuple[int, int] | None:
    """Return the rank of the match (0 is an exact one) and the id of the token that matches a word of the file."""
    for rank, (table, key) in enumerate(((exact, word), (exact, word.lower()), (folded, _fold(word)))):
        if (number := table.get(key)) is not None:
            return rank, number
    return None


def _fold(word: str) -> str:
    return word.lower() if word.isascii() else unicodedata.normalize("NFKC", word).casefold()
