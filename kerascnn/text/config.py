"""Settings of the group ``text``: how text becomes token ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from kerascnn.settings import FileName, PositiveInt, Settings

StandardizeStep = Literal["html", "width", "lowercase", "punctuation"]


@dataclass(frozen=True, kw_only=True)
class TextConfig(Settings):
    """How text becomes token ids."""

    level: Literal["word", "character"] = "word"
    """Whether a token is a word or a character."""
    split: Literal["unicode", "whitespace", "dictionary", "wordpiece", "sentencepiece"] = "unicode"
    """How words are split. unicode: runs of letters and digits are words; each Han or kana character and each
    punctuation character is a token. whitespace: at spaces only. dictionary: like unicode, but known words are kept
    together in runs of Han and kana (longest match from left to right). wordpiece: into the pieces of a pretrained
    encoder (hub_cnn, sentence_transformer). sentencepiece: into the pieces of a pretrained SentencePiece model
    (sentence_cnn; hub_cnn and sentence_transformer set it themselves if their preset is multilingual)."""
    dictionary: FileName = ""
    """File of the words that split dictionary looks for in the training texts, one at the start of each line, e.g.
    jieba's dict.txt. If empty: the words of transfer.vectors; without that file, jieba's (extra zh)."""
    standardize: tuple[StandardizeStep, ...] = ("html", "width", "lowercase")
    """Preprocessing steps; their order is fixed. html: remove tags and decode entities. width: convert full-width forms
    to ASCII. lowercase: Unicode lower case. punctuation: remove punctuation and symbols."""
    normalize: Literal["none", "nfkc", "nfkc_casefold"] = "none"
    """Unicode normalization before the steps of standardize. Needs tensorflow-text, also where the model is served."""
    stop_words: FileName = ""
    """File of tokens to remove, one per line."""
    max_tokens: PositiveInt = 50_000
    """Maximum size of the vocabulary, padding and unknown token included."""
    min_count: PositiveInt = 2
    """Minimum frequency of a token in the training rows; rarer tokens are out-of-vocabulary."""
    max_length: Annotated[PositiveInt, tyro.conf.arg(aliases=("--max-length",))] = 512
    """Maximum number of tokens per document; the rest is cut."""

    @property
    def uses_dictionary(self) -> bool:
        """Whether known words are kept together in text without spaces."""
        return self.level == "word" and self.split == "dictionary"

    @property
    def uses_wordpiece(self) -> bool:
        """Whether words are split into WordPieces."""
        return self.level == "word" and self.split == "wordpiece"

    @property
    def uses_sentencepiece(self) -> bool:
        """Whether text is split into the pieces of a SentencePiece model."""
        return self.level == "word" and self.split == "sentencepiece"
