"""Tokens to ids in plain Python and NumPy; export copies this file to devices without this package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

if __package__:
    from kerascnn.text import python_tokenizer
else:
    import python_tokenizer  # type: ignore[no-redef]

UNKNOWN_ID = 1
MAX_CACHED_TOKENS = 200_000
"""Most tokens whose ids are kept for the next time."""
_DIGITS = re.compile("[0-9]")


def replace_digits(form: str) -> str:
    """Return the form of a token with all digits 0."""
    return _DIGITS.sub("0", form)


class TokenEncoder:
    """Converts tokens to ids, see ``TokenVectorizer``.

    Args:
        rules: Rules that change the form of a token, see ``rules``.
        vocabulary: Forms of tokens by id; 0 is the padding token, 1 the unknown token.
        characters: Characters by id, as the vocabulary; empty: a token has one id.
        word_length: Characters of a token that get an id; of a longer one, the first and the last ones.
    """

    def __init__(
        self,
        rules: Sequence[Sequence[Any]],
        vocabulary: Sequence[str],
        characters: Sequence[str] = (),
        *,
        word_length: int = 16,
    ) -> None:
        self.rules, self.word_length = rules, word_length
        self._ids = {token: number for number, token in enumerate(vocabulary) if number > UNKNOWN_ID}
        self._character_ids = {letter: number for number, letter in enumerate(characters) if number > UNKNOWN_ID}
        self.shape: tuple[int, ...] = (1 + word_length,) if characters else ()
        """Shape of the ids of a token."""
        self._rows: dict[str, np.ndarray] = {}

    def standardize(self, token: str) -> str:
        """Return the form of a token that the vocabulary has."""
        return python_tokenizer.apply_rules(token, self.rules)

    def encode(self, tokens: Iterable[str]) -> np.ndarray:
        """Return the ids of tokens, int32 (tokens, 1 + word_length) or, without characters, (tokens,)."""
        rows = [self._encode_token(token) for token in tokens]
        return np.stack(rows) if rows else np.zeros((0, *self.shape), np.int32)

    def _encode_token(self, token: str) -> np.ndarray:
        if (row := self._rows.get(token)) is not None:
            return row
        form = self.standardize(token)
        row = np.zeros(self.shape, np.int32)
        row[(0,) * row.ndim] = self._ids.get(form) or self._ids.get(replace_digits(form), UNKNOWN_ID)
        if self.shape:
            letters = token
            if len(token) > self.word_length:
                half = self.word_length // 2
                letters = token[: self.word_length - half] + token[len(token) - half :]
            row[1 : 1 + len(letters)] = [self._character_ids.get(letter, UNKNOWN_ID) for letter in letters]
        if len(self._rows) < MAX_CACHED_TOKENS:
            self._rows[token] = row
        return row
