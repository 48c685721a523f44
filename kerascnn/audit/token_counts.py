"""Tokens of the rows as a run would read them, counted without TensorFlow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from kerascnn.config import Config
from kerascnn.text import python_tokenizer, segmentation, vocabulary
from kerascnn.text.rules import build_rules

_ALL = 10**9


@dataclass(frozen=True)
class RaggedTokens:
    """Tokens of some documents, by number.

    ``values`` int64 (tokens,) holds those of all documents, ``row_splits`` int64 (documents + 1,) where each begins.
    """

    values: np.ndarray
    row_splits: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each document, int64 (documents,)."""
        return np.diff(self.row_splits)

    def first(self, length: int) -> np.ndarray:
        """The tokens among the first ``length`` of their documents, int64 (tokens,)."""
        place = np.arange(len(self.values)) - np.repeat(self.row_splits[:-1], self.lengths)
        return self.values[place < length]


class CorpusTokenizer:
    """Reads text as the vectorizer of a run would, but to the end.

    It imports TensorFlow only for a model that brings its own vectorizer (hub_cnn).

    Args:
        config: The run.
        texts: Its training texts, which the vocabulary is made from.

    Attributes:
        settings: How text becomes tokens.
        types: Number of each token.
        train: The training texts.
        vocabulary: As the vectorizer would have it.

    Raises:
        InputError: A file that the text settings name cannot be used.
    """

    def __init__(self, config: Config[Any], texts: Sequence[str]) -> None:
        self.types: dict[str, int] = {}
        self._stop_words: frozenset[str] = frozenset()
        self._pieces: frozenset[str] = frozenset()
        pretrained = config.network.vectorizer(config.text)
        if pretrained:
            self.settings, self._rules, self.vocabulary = pretrained.settings, pretrained.rules, pretrained.vocabulary
            self._pieces = frozenset(self.vocabulary[len(vocabulary.RESERVED_TOKENS) :])
            self.train = self.read(texts)
            return
        self.settings = config.text
        self._rules = build_rules(self.settings, segmentation.load_words(self.settings, config.transfer.vectors))
        if self.settings.stop_words:
            self._stop_words = frozenset(vocabulary.read_stop_words(self.settings.stop_words, self.tokenize))
        self.train = self.read(texts)
        numbers = np.bincount(self.train.first(self.settings.max_length), minlength=len(self.types)).tolist()
        counts = Counter({token: numbers[number] for token, number in self.types.items() if numbers[number]})
        self.vocabulary = segmentation.build_vocabulary(counts, self.settings)
        if self.settings.uses_dictionary:  # from here on the words of the vocabulary alone are kept together
            self._rules = build_rules(self.settings, segmentation.select_words([*self.vocabulary, *self._stop_words]))
            self.train = self.read(texts)

    def tokenize(self, text: str) -> list[str]:
        """All tokens of a text."""
        return python_tokenizer.tokenize(
            text,
            self._rules,
            level=self.settings.level,
            max_length=_ALL,
            stop_words=self._stop_words,
            pieces=self._pieces,
        )

    def read(self, texts: Sequence[str]) -> RaggedTokens:
        """All tokens of some texts, numbered."""
        types, values, lengths = self.types, [], [0]
        for text in tqdm(texts, desc="reading", unit=" documents", unit_scale=True, leave=False, disable=None):
            tokens = [types.setdefault(token, len(types)) for token in self.tokenize(text)]
            lengths.append(len(tokens))
            values.append(np.array(tokens, np.int32))
        return RaggedTokens(np.concatenate(values).astype(np.int64), np.cumsum(lengths))

    def is_known(self) -> np.ndarray:
        """Whether the vocabulary holds each token that was read, by its number, bool (types,)."""
        known = np.zeros(len(self.types), bool)
        tokens = self.vocabulary[len(vocabulary.RESERVED_TOKENS) :]
        known[[self.types[token] for token in tokens if token in self.types]] = True
        return known
