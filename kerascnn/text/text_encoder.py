"""Text to token ids in plain Python: the settings, stop words and vocabulary of a model in one object."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar

from kerascnn.text import offsets, python_tokenizer, segmentation
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import VERSION, build_rules
from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError

EncoderT = TypeVar("EncoderT", bound="TextEncoder")


class TextEncoder:
    """Converts single texts to token ids without TensorFlow; ``Vectorizer`` adds the TensorFlow graph.

    Args:
        settings: Text settings. The file `settings.stop_words` is not read here, but by ``Vectorizer.adapt``.
        vocabulary: Tokens by id; 0 is the padding token, 1 the unknown token.
        stop_words: Tokens to remove.
        sentencepiece: With the split `sentencepiece`, the model whose ``tokens`` are the vocabulary.

    Attributes:
        rules: Preprocessing rules, see ``rules.build_rules``. With the split `dictionary` they include the words.
    """

    def __init__(
        self,
        settings: TextConfig,
        vocabulary: Sequence[str],
        stop_words: Sequence[str] = (),
        *,
        sentencepiece: SentencePieceModel | None = None,
    ) -> None:
        self.settings = settings
        self.sentencepiece = sentencepiece
        self.vocabulary = list(vocabulary)
        self.stop_words = tuple(stop_words)
        words = segmentation.select_words([*self.vocabulary, *self.stop_words]) if settings.uses_dictionary else ()
        self.rules = build_rules(settings, words)
        if settings.uses_sentencepiece:
            self._check_sentencepiece()

    @classmethod
    def from_config(
        cls: type[EncoderT],
        config: dict[str, Any],
        vocabulary: Sequence[str],
        sentencepiece: SentencePieceModel | None = None,
    ) -> EncoderT:
        """Create the vectorizer from the result of ``get_config``, its vocabulary and its SentencePiece model.

        Raises:
            InputError: A newer version of the rules wrote the configuration, or the model has another vocabulary.
        """
        config = dict(config)
        version = config.pop("version")
        if version > VERSION:
            raise InputError(f"the vectorizer has version {version}, not {VERSION}; install a newer kerascnn")
        stop_words = config.pop("stop_words")
        settings = TextConfig().replace_values(config, "vectorizer")
        return cls(settings, vocabulary, stop_words, sentencepiece=sentencepiece)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the configuration and the vocabulary, not the graph."""
        return type(self).from_config, (self.get_config(), self.vocabulary, self.sentencepiece)

    def get_config(self) -> dict[str, Any]:
        """Return everything but the vocabulary and the SentencePiece model, ready for JSON.

        It contains the stop words, not the path of their file. The dictionary is left out: the vocabulary has its
        words.
        """
        config = self.settings.to_dict()
        del config["dictionary"]
        return {"version": VERSION} | config | {"stop_words": list(self.stop_words)}

    def tokenize_text(self, text: str | bytes) -> list[str]:
        """Split one text into tokens in plain Python."""
        split = self.sentencepiece.tokenizer.tokenize if self.sentencepiece else None
        return python_tokenizer.tokenize(text, self.rules, split=split, **self._tokenizer_arguments)

    def tokenize_with_offsets(self, text: str) -> list[offsets.TokenSpan]:
        """Return the tokens of ``tokenize_text``, each with its span in the text."""
        split = self.sentencepiece.tokenizer.tokenize_with_offsets if self.sentencepiece else None
        return offsets.tokenize_with_offsets(text, self.rules, split=split, **self._tokenizer_arguments)

    def encode_text(self, text: str | bytes) -> list[int]:
        """Encode one text as a list of ids in plain Python."""
        return [self._ids.get(token, 1) for token in self.tokenize_text(text)]

    def is_single_token(self, word: str) -> bool:
        """Return whether a word of the vocabulary, or one that may be added to it, is a single token in a text."""
        tokens = self.tokenize_text(word)
        if tokens == [word]:
            return True
        return self.settings.uses_dictionary and segmentation.select_words(["".join(tokens)]) == [word]

    @property
    def _tokenizer_arguments(self) -> dict[str, Any]:
        return {
            "level": self.settings.level,
            "max_length": self.settings.max_length,
            "stop_words": self._stop_word_set,
            "pieces": self._ids if self.settings.uses_wordpiece else (),
        }

    def _check_sentencepiece(self) -> None:
        """Raise ``InputError`` if the SentencePiece model is missing or has another vocabulary."""
        if self.sentencepiece is None:
            raise InputError(
                "text.split sentencepiece uses the pieces of a pretrained encoder; give --model sentence_cnn"
            )
        if self.stop_words or self.settings.stop_words:
            raise InputError("text.stop_words: text.split sentencepiece has no words; leave it out")
        if self.vocabulary != self.sentencepiece.tokens:
            raise InputError("the vocabulary is not that of the SentencePiece model; use files of the same bundle")

    @cached_property
    def _stop_word_set(self) -> frozenset[str]:
        return frozenset(self.stop_words)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary) if number >= len(RESERVED_TOKENS)}
