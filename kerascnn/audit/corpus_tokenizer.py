"""Tokenize texts as the vectorizer of a run does, without truncation and without TensorFlow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.config import Config
from kerascnn.text import python_tokenizer, segmentation
from kerascnn.text.rules import build_rules
from kerascnn.text.vocabulary import RESERVED_TOKENS, read_stop_words
from kerascnn.utils.progress import progress_bar

_UNLIMITED = 10**9


@dataclass(frozen=True)
class RaggedTokens:
    """Tokens of several documents, as numbers.

    Attributes:
        values: Numbers of the tokens of all documents, concatenated, int64 (tokens,).
        row_splits: Start of each document in ``values``, and the end of the last, int64 (documents + 1,).
    """

    values: np.ndarray
    row_splits: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each document, int64 (documents,)."""
        return np.diff(self.row_splits)

    def truncate(self, length: int) -> np.ndarray:
        """Return the first ``length`` tokens of each document, concatenated, int64 (tokens,)."""
        positions = np.arange(len(self.values)) - np.repeat(self.row_splits[:-1], self.lengths)
        return np.asarray(self.values[positions < length])

    def select(self, documents: np.ndarray) -> RaggedTokens:
        """Return the tokens of some documents, given by their positions, int (documents,)."""
        lengths = self.lengths[documents]
        row_splits = np.concatenate([[0], np.cumsum(lengths)])
        offsets = np.repeat(self.row_splits[documents] - row_splits[:-1], lengths)
        return RaggedTokens(self.values[np.arange(row_splits[-1]) + offsets], row_splits)


def concatenate_tokens(parts: Sequence[RaggedTokens]) -> RaggedTokens:
    """Concatenate the documents of several parts."""
    lengths = np.concatenate([part.lengths for part in parts])
    return RaggedTokens(np.concatenate([part.values for part in parts]), np.concatenate([[0], np.cumsum(lengths)]))


class CorpusTokenizer:
    """Tokenizes texts as the vectorizer of a run does, without truncation.

    TensorFlow is imported only for a model with a vectorizer of its own (hub_cnn).

    Args:
        config: The run.
        texts: The training texts, from which the vocabulary is built.

    Attributes:
        settings: Text settings of the run.
        numbers: Tokens to numbers, in the order in which they first occur.
        train: Tokens of the training texts.
        vocabulary: Vocabulary of the vectorizer.

    Raises:
        InputError: A file that the text settings name cannot be used.
    """

    def __init__(self, config: Config[Any], texts: Sequence[str]) -> None:
        self.numbers: dict[str, int] = {}
        self._stop_words: frozenset[str] = frozenset()
        self._pieces: frozenset[str] = frozenset()
        self._split: Callable[[str], list[str]] | None = None
        if pretrained := config.network.pretrained_vocabulary(config.text, texts):
            self.settings, self.vocabulary = pretrained.settings, list(pretrained.tokens)
            self._rules = build_rules(self.settings)
            if pretrained.sentencepiece:
                self._split = pretrained.sentencepiece.tokenizer.tokenize
            else:
                self._pieces = frozenset(self.vocabulary[len(RESERVED_TOKENS) :])
            self.train = self.encode(texts)
            return
        self.settings = config.text
        self._rules = build_rules(self.settings, segmentation.load_words(self.settings, config.transfer.word_list))
        if self.settings.stop_words:
            self._stop_words = frozenset(read_stop_words(self.settings.stop_words, self.tokenize))
        self.train = self.encode(texts)
        counts = np.bincount(self.train.truncate(self.settings.max_length), minlength=len(self.numbers)).tolist()
        token_counts = Counter({token: counts[number] for token, number in self.numbers.items() if counts[number]})
        self.vocabulary = segmentation.build_vocabulary(token_counts, self.settings)
        if self.settings.uses_dictionary:  # afterwards only words of the vocabulary are kept together
            self._rules = build_rules(self.settings, segmentation.select_words([*self.vocabulary, *self._stop_words]))
            self.train = self.encode(texts)

    def tokenize(self, text: str) -> list[str]:
        """Return all tokens of a text."""
        return python_tokenizer.tokenize(
            text,
            self._rules,
            level=self.settings.level,
            max_length=_UNLIMITED,
            stop_words=self._stop_words,
            pieces=self._pieces,
            split=self._split,
        )

    def encode(self, texts: Sequence[str]) -> RaggedTokens:
        """Return all tokens of several texts as numbers; new tokens get new numbers."""
        numbers, values, row_splits = self.numbers, [np.empty(0, np.int32)], [0]
        for text in progress_bar(texts, title="tokenizing", unit="documents"):
            tokens = [numbers.setdefault(token, len(numbers)) for token in self.tokenize(text)]
            row_splits.append(row_splits[-1] + len(tokens))
            values.append(np.array(tokens, np.int32))
        return RaggedTokens(np.concatenate(values).astype(np.int64), np.array(row_splits))

    def is_in_vocabulary(self) -> np.ndarray:
        """Return whether the vocabulary has each token, by its number, bool (distinct tokens,)."""
        known = np.zeros(len(self.numbers), bool)
        tokens = self.vocabulary[len(RESERVED_TOKENS) :]
        known[[self.numbers[token] for token in tokens if token in self.numbers]] = True
        return known
