"""Tag sentences of any length by the scores that a model computes; export copies this file to devices.

A model sees at most ``max_length`` tokens at a time. Of a longer sentence it sees overlapping windows, and the most
probable sequence of tags is found for the whole sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

if __package__:
    from kerascnn.tasks.viterbi import TagDecoder
    from kerascnn.text.token_encoder import TokenEncoder
    from kerascnn.text.words import split_characters, split_words
else:
    from token_encoder import TokenEncoder  # type: ignore[no-redef]
    from viterbi import TagDecoder  # type: ignore[no-redef]
    from words import split_characters, split_words  # type: ignore[no-redef]

LENGTH_MULTIPLE = 8
"""Sentences are padded to multiples of it, so that there are few different shapes."""
BATCH_SIZE = 256
BATCH_TOKENS = 2**16
"""Most tokens of a batch, with padding: the memory of long sentences."""

ComputeScores = Callable[[np.ndarray], np.ndarray]
"""Padded ids, int32 (batch, time, …), to the scores of the tags, float32 (batch, time, tags)."""


class Window(NamedTuple):
    """A part of a sentence that a model sees at a time.

    Attributes:
        start: Position of its first token.
        end: Position after its last token.
        first: Position of the first token whose scores count.
        last: Position after the last token whose scores count.
    """

    start: int
    end: int
    first: int
    last: int


def split_windows(length: int, size: int) -> list[Window]:
    """Return the windows of a sentence; each has a quarter of ``size`` as context on each side.

    Args:
        length: Number of tokens of the sentence.
        size: Most tokens of a window.
    """
    if length <= size:
        return [Window(0, length, 0, length)] if length else []
    margin, windows, done = size // 4, [], 0
    while done < length:
        start = max(0, min(done - margin, length - size))
        end = min(length, start + size)
        last = length if end == length else end - margin
        windows.append(Window(start, end, done, last))
        done = last
    return windows


@dataclass(frozen=True)
class SentenceTagger:
    """A model of tags with everything around it: ids of tokens, windows, and the most probable sequence of tags.

    Attributes:
        labels: All tags, in the order of the scores.
        encoder: Tokens to ids.
        decoder: Scores to tags.
        level: ``word``, or ``character``: the model tags characters, and a longer token has the tag of its first one.
        max_length: Most tokens that the model sees at a time.
        compute_scores: The model.
        batch_size: Most sentences in a batch.
    """

    labels: Sequence[str]
    encoder: TokenEncoder
    decoder: TagDecoder
    level: str
    max_length: int
    compute_scores: ComputeScores
    batch_size: int = BATCH_SIZE

    def split(self, text: str) -> list[tuple[int, int]]:
        """Return the start and the end of each token of a text."""
        return split_characters(text) if self.level == "character" else split_words(text)

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[tuple[list[str], np.ndarray]]:
        """Return the tags of the tokens of each sentence, and the probabilities of all tags, float32 (tokens, tags)."""
        if self.level != "character" or all(len(token) == 1 for sentence in sentences for token in sentence):
            return self._tag(sentences)
        starts = [np.cumsum([0, *map(len, sentence)])[:-1] for sentence in sentences]
        answers = self._tag(["".join(sentence) for sentence in sentences])
        return [
            (self._begin_spans([tags[start] for start in first]), probabilities[first])
            for first, (tags, probabilities) in zip(starts, answers, strict=True)
        ]

    def _begin_spans(self, tags: list[str]) -> list[str]:
        """Return tags in which no span begins with I, as it may be after tags between them were left out."""
        repaired = []
        for before, tag in zip(["O", *tags], tags, strict=False):
            begin, is_broken = f"B{tag[1:]}", tag[:2] in ("I", "I-") and (before == "O" or before[1:] != tag[1:])
            repaired.append(begin if is_broken and begin in self.labels else tag)
        return repaired

    def _tag(self, sentences: Sequence[Sequence[str]]) -> list[tuple[list[str], np.ndarray]]:
        """Return tags and probabilities of sentences, whose tokens the model takes."""
        empty = np.zeros((0, len(self.labels)), np.float32)
        answers: list[tuple[list[str], np.ndarray]] = [([], empty)] * len(sentences)
        scores = self._score([self.encoder.encode(sentence) for sentence in sentences])
        for rows in self._batch([len(values) for values in scores]):
            lengths = np.array([len(scores[row]) for row in rows])
            best, probabilities = self.decoder.decode(_pad([scores[row] for row in rows], max(lengths)), lengths)
            for row, length, tags, values in zip(rows, lengths, best, probabilities, strict=True):
                answers[row] = [self.labels[tag] for tag in tags[:length]], values[:length]
        return answers

    def _score(self, sentences: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the scores of the tags of sentences of ids, float32 (tokens, tags) each."""
        windows = [
            (row, window) for row, ids in enumerate(sentences) for window in split_windows(len(ids), self.max_length)
        ]
        scores = [np.zeros((len(ids), len(self.labels)), np.float32) for ids in sentences]
        for batch in self._batch([window.end - window.start for _, window in windows]):
            parts = [windows[number] for number in batch]
            ids = [sentences[row][window.start : window.end] for row, window in parts]
            length = LENGTH_MULTIPLE * -(-max(map(len, ids)) // LENGTH_MULTIPLE)
            for (row, window), found in zip(parts, self.compute_scores(_pad(ids, length)), strict=True):
                first, last = window.first - window.start, window.last - window.start
                scores[row][window.first : window.last] = found[first:last]
        return scores

    def _batch(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Yield the positions of the sentences of each batch, the shortest first; empty ones are in none."""
        batch: list[int] = []
        for row in np.argsort(lengths, kind="stable").tolist():
            if not lengths[row]:
                continue
            if batch and (len(batch) == self.batch_size or (len(batch) + 1) * lengths[row] > BATCH_TOKENS):
                yield batch
                batch = []
            batch.append(row)
        if batch:
            yield batch


def _pad(rows: Sequence[np.ndarray], length: int) -> np.ndarray:
    """Return arrays (tokens, …) as one, (rows, length, …), with zeros at the end of each."""
    padded = np.zeros((len(rows), length, *rows[0].shape[1:]), rows[0].dtype)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded
