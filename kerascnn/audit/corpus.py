"""The rows and tokens that the checks of an audit read."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from kerascnn.audit.corpus_tokenizer import CorpusTokenizer, RaggedTokens, concatenate_tokens
from kerascnn.config import Config
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits

SPLIT_NAMES = {"train": "training", "validation": "validation", "test": "test"}
"""Names of the splits, and their names in messages."""


class Corpus:
    """The rows of a run by split, and their tokens, which are computed when a check first reads them.

    Args:
        splits: The rows.
        config: The run. Texts are tokenized as this run does.

    Attributes:
        config: The run.
        task: The task of the rows.
        rows: Names of the splits that have rows to their rows, each with its distinct labels; training rows come first.
    """

    def __init__(self, splits: Splits, config: Config[Any]) -> None:
        self.config = config
        self.task = splits.task
        self.rows: dict[str, list[Row]] = {
            name: [row._replace(labels=self.task.distinct_labels(row)) for row in rows]
            for name in SPLIT_NAMES
            if (rows := getattr(splits, name))
        }

    @property
    def train(self) -> list[Row]:
        """The training rows."""
        return self.rows.get("train", [])

    @property
    def held_out(self) -> list[str]:
        """Names of the splits other than the training rows."""
        return [name for name in self.rows if name != "train"]

    @cached_property
    def all_rows(self) -> list[Row]:
        """The rows of all splits."""
        return [row for rows in self.rows.values() for row in rows]

    @cached_property
    def tokenizer(self) -> CorpusTokenizer:
        """The tokenizer, with the vocabulary of the training rows."""
        return CorpusTokenizer(self.config, [row.text for row in self.train])

    @cached_property
    def tokens(self) -> dict[str, RaggedTokens]:
        """Names of the splits to the tokens of their rows."""
        encode = self.tokenizer.encode
        return {
            name: self.tokenizer.train if name == "train" else encode([row.text for row in rows])
            for name, rows in self.rows.items()
        }

    @cached_property
    def all_tokens(self) -> RaggedTokens:
        """The tokens of ``all_rows``."""
        return concatenate_tokens(list(self.tokens.values()))

    @property
    def is_pretrained(self) -> bool:
        """Whether the run has pretrained weights, or vectors of words."""
        transfer = self.config.transfer
        return bool(transfer.vectors or transfer.init_from) or self.has_pretrained_vocabulary

    @property
    def has_pretrained_vocabulary(self) -> bool:
        """Whether the tokens are those of a pretrained model."""
        return self.config.text.level == "word" and self.config.text.split in ("wordpiece", "sentencepiece")

    @property
    def unit(self) -> str:
        """Name of the tokens, in the plural."""
        text = self.config.text
        if text.level == "character":
            return "characters"
        return "word pieces" if self.has_pretrained_vocabulary else "words and punctuation"

    @property
    def max_length(self) -> str:
        """The setting ``text.max_length`` for messages, such as ``text.max_length, 512 characters``."""
        return f"text.max_length, {self.config.text.max_length:,} {self.unit}"
