"""Tokens to ids: of each token, and of its characters."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kerascnn.text import vocabulary
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import VERSION, Rule
from kerascnn.text.token_encoder import TokenEncoder, replace_digits
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.text.words import split_characters, split_words
from kerascnn.utils.errors import InputError

_RULES: dict[str, Rule] = {"width": ("width",), "lowercase": ("lower",)}
"""Steps of ``TextConfig.standardize`` that change the form of a token, and their rules, see ``rules``."""
MAX_CHARACTERS = 1000
"""Most characters of the second vocabulary, the most frequent ones."""


class TokenVectorizer:
    """Converts tokens to ids: that of the token in its standard form, see ``standardize``, and those of its characters.

    A token that is not in the vocabulary has the id of its form with all digits 0, which the vocabulary has if rare
    numbers have it. Characters keep their case. If the tokens are characters, ``settings.level``, they have no further
    ids.

    Args:
        settings: Text settings; ``standardize`` may have ``width`` and ``lowercase``.
        vocabulary: Tokens by id; 0 is the padding token, 1 the unknown token.
        characters: Characters by id, as the vocabulary; empty if the tokens are characters.
        word_length: Characters of a token that get an id; of a longer one, the first and the last ones.

    Example:
        >>> vectorizer = TokenVectorizer.adapt([["A", "good", "film"]], TextConfig(min_count=1), word_length=4)
        >>> vectorizer.encode([["a", "book"]])[0].shape
        (2, 5)
    """

    def __init__(
        self, settings: TextConfig, vocabulary: Sequence[str], characters: Sequence[str] = (), *, word_length: int = 16
    ) -> None:
        self.settings, self.vocabulary, self.characters = settings, list(vocabulary), list(characters)
        self.word_length = word_length
        self.rules = [_RULES[step] for step in _RULES if step in settings.standardize]
        self.encoder = TokenEncoder(self.rules, self.vocabulary, self.characters, word_length=word_length)

    @classmethod
    def adapt(
        cls, sentences: Iterable[Sequence[str]], settings: TextConfig, *, word_length: int = 16
    ) -> TokenVectorizer:
        """Build the vocabularies from tokens.

        Args:
            sentences: Tokens of each training sentence.
            settings: Text settings.
            word_length: See the class.
        """
        empty = cls(settings, RESERVED_TOKENS)
        tokens = Counter(token for sentence in sentences for token in sentence)
        counts, characters = Counter[str](), Counter[str]()
        for token, count in tokens.items():
            counts[empty.standardize(token)] += count
            characters.update({character: count for character in set(token)})
        for form, count in list(counts.items()):
            if count < settings.min_count and (zeros := replace_digits(form)) != form:
                counts[zeros] += count
        words = vocabulary.select_frequent_tokens(counts, max_tokens=settings.max_tokens, min_count=settings.min_count)
        letters: list[str] = []
        if settings.level == "word":
            letters = vocabulary.select_frequent_tokens(characters, max_tokens=MAX_CHARACTERS, min_count=1)
        return cls(settings, words, letters, word_length=word_length)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], vocabulary: Sequence[str], characters: Sequence[str]
    ) -> TokenVectorizer:
        """Create the vectorizer from the result of ``get_config`` and its vocabularies.

        Raises:
            InputError: A newer version of the rules wrote the configuration.
        """
        config = dict(config)
        version, word_length = config.pop("version"), config.pop("word_length")
        if version > VERSION:
            raise InputError(f"the vectorizer has version {version}, not {VERSION}; install a newer kerascnn")
        settings = TextConfig().replace_values(config, "vectorizer")
        return cls(settings, vocabulary, characters, word_length=word_length)

    def get_config(self) -> dict[str, Any]:
        """Return everything but the vocabularies, ready for JSON."""
        return {"version": VERSION, "word_length": self.word_length, **self.settings.to_dict()}

    def add_words(self, words: Iterable[str]) -> TokenVectorizer:
        """Return a vectorizer with further words at the end of its vocabulary."""
        known = dict.fromkeys(self.vocabulary)
        known |= dict.fromkeys(word for word in words if word and self.standardize(word) == word)
        return TokenVectorizer(self.settings, list(known), self.characters, word_length=self.word_length)

    def standardize(self, token: str) -> str:
        """Return the form of a token that the vocabulary has."""
        return self.encoder.standardize(token)

    def split_text(self, text: str) -> list[tuple[int, int]]:
        """Return the start and the end of each token of a text, see ``words``."""
        return split_characters(text) if self.settings.level == "character" else split_words(text)

    def encode(self, sentences: Iterable[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Encode sentences of tokens.

        Returns:
            Ids, int32 (tokens, 1 + word_length) or, without characters, (tokens,); and the start of each sentence in
            them, int64 (sentences + 1,).
        """
        sentences = list(sentences)
        ends = np.cumsum([0, *map(len, sentences)], dtype=np.int64)
        return self.encoder.encode(itertools.chain.from_iterable(sentences)), ends

    def encode_tokens(self, tokens: Sequence[str]) -> list[Any]:
        """Encode one sentence as a list of ids, or of lists of ids."""
        ids: list[Any] = self.encoder.encode(tokens).tolist()
        return ids
