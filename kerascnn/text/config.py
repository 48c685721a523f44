"""How text becomes ids: the settings of the group ``text``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kerascnn.settings import PositiveInt, Settings

Step = Literal["html", "width", "lowercase", "punctuation"]


@dataclass(frozen=True, kw_only=True)
class TextConfig(Settings):
    """How text becomes ids."""

    level: Literal["word", "character"] = "word"
    """What a token is."""
    split: Literal["unicode", "whitespace", "dictionary", "wordpiece"] = "unicode"
    """Words: unicode keeps runs of letters and digits whole; every Han or kana character and every mark is a token;
    dictionary keeps words of the vocabulary together in runs of Han and kana, from left to right the longest first;
    wordpiece takes words apart into the pieces of a pretrained encoder (hub_cnn only)."""
    dictionary: str = ""
    """List of words that split dictionary starts from, one at the beginning of each line (jieba's dict.txt will do);
    empty: those of transfer.vectors, without such a file jieba's (extra zh)."""
    standardize: tuple[Step, ...] = ("html", "width", "lowercase")
    """Steps, in their fixed order: html drops tags and decodes entities, width folds full-width forms to ASCII,
    lowercase is Unicode's, punctuation drops marks and symbols."""
    normalize: Literal["none", "nfkc", "nfkc_casefold"] = "none"
    """Unicode normalization before the steps; needs tensorflow-text, also in the program that serves the model."""
    stop_words: str = ""
    """File of tokens to leave out, a line each."""
    max_tokens: PositiveInt = 50_000
    """Size of the vocabulary at the most, padding and unknown included."""
    min_count: PositiveInt = 2
    """A token that occurs less often in the training rows is unknown."""
    max_length: PositiveInt = 512
    """Tokens of a document that are read; the rest is cut."""

    @property
    def uses_dictionary(self) -> bool:
        """Whether words of the vocabulary are looked for in text without spaces."""
        return self.level == "word" and self.split == "dictionary"

    @property
    def uses_wordpiece(self) -> bool:
        """Whether words are split into WordPieces."""
        return self.level == "word" and self.split == "wordpiece"
