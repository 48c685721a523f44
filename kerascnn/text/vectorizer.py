"""Text to ids and what must be kept to do it again: settings, stop words, vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.text import offsets, python_tokenizer, segmentation, vocabulary
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import VERSION, build_rules
from kerascnn.text.tf_tokenizer import Tokenizer
from kerascnn.utils.errors import InputError

# A batch is worth its overhead, yet a batch of huge documents fits in memory.
_BATCH_DOCUMENTS = 1024
_BATCH_BYTES = 4_000_000
_THREADS = 2


class Vectorizer:
    """Turns text into ids, in the graph and in plain Python alike.

    Args:
        settings: How text becomes ids; the file `settings.stop_words` is not read here, but by ``adapt``.
        vocabulary: Tokens by id; 0 is padding, 1 is the unknown token.
        stop_words: Tokens that are left out.

    Attributes:
        rules: What is done to a text, see ``standardize.rules``; with the split `dictionary` they hold the words.

    Example:
        >>> vectorizer = Vectorizer.adapt(["a good film", "a bad film"], Text(min_count=1))
        >>> vectorizer.encode_text("A good book")
        [2, 5, 1]
    """

    def __init__(self, settings: TextConfig, vocabulary: Sequence[str], stop_words: Sequence[str] = ()) -> None:
        self.settings = settings
        self.vocabulary = list(vocabulary)
        self.stop_words = tuple(stop_words)
        self.rules = build_rules(
            settings,
            segmentation.select_words([*self.vocabulary, *self.stop_words]) if settings.uses_dictionary else (),
        )

    @classmethod
    def adapt(cls, texts: Iterable[str], settings: TextConfig, *, vectors: str = "") -> Vectorizer:
        """Build the vocabulary of some texts, which are read once and not kept.

        Only the first `max_length` tokens of a text count, as a model sees no others.

        Args:
            texts: The training texts.
            settings: How text becomes ids.
            vectors: File of pretrained vectors, whose words the split `dictionary` looks for if
                `settings.dictionary` is empty.

        Raises:
            InputError: The file of stop words, or that of words, cannot be used, or the settings want the pieces of a
                pretrained encoder.
        """
        if settings.level == "word" and settings.split == "wordpiece":
            raise InputError("text.split wordpiece: the pieces are those of a pretrained encoder; give --model hub_cnn")
        known = [*vocabulary.RESERVED_TOKENS, *segmentation.load_words(settings, vectors)]
        first = cls(settings, known)
        if settings.stop_words:
            first = cls(settings, known, vocabulary.read_stop_words(settings.stop_words, first.tokenize_text))
        count = _counter(settings, tuple(known), first.stop_words)
        counts: Counter[bytes] = Counter()
        for batch in _batches(map(_utf8, texts)):
            tokens, _, frequencies = count(tf.constant(batch))
            for token, frequency in zip(tokens.numpy().tolist(), frequencies.numpy().tolist(), strict=True):
                counts[token] += frequency
        decoded = Counter({token.decode(): frequency for token, frequency in counts.items()})
        return cls(settings, segmentation.build_vocabulary(decoded, settings), first.stop_words)

    @classmethod
    def from_config(cls, saved: dict[str, Any], vocabulary: Sequence[str]) -> Vectorizer:
        """Build the vectorizer that ``get_config`` describes.

        Raises:
            InputError: A newer version of the rules made it.
        """
        saved = dict(saved)
        version = saved.pop("version")
        if version > VERSION:
            raise InputError(f"the vectorizer has version {version}, not {VERSION}; install a newer kerascnn")
        stop_words = saved.pop("stop_words")
        return cls(TextConfig().replace_values(saved, "vectorizer"), vocabulary, stop_words)

    def __reduce__(self) -> tuple:
        """Pickle what it is made from, not the graph it built."""
        return type(self).from_config, (self.get_config(), self.vocabulary)

    def get_config(self) -> dict[str, Any]:
        """All but the vocabulary, ready for JSON.

        The stop words themselves stand in it, not their file. The list of words is left out: the vocabulary holds them.
        """
        settings = self.settings.to_dict()
        del settings["dictionary"]
        return {"version": VERSION} | settings | {"stop_words": list(self.stop_words)}

    @property
    def tokenizer(self) -> Tokenizer:
        """Text to tokens in the graph."""
        return Tokenizer(
            rules=self.rules,
            level=self.settings.level,
            max_length=self.settings.max_length,
            stop_words=self.stop_words,
            pieces=self.vocabulary[len(vocabulary.RESERVED_TOKENS) :] if self.settings.uses_wordpiece else (),
        )

    @cached_property
    def layer(self) -> keras.layers.TextVectorization:
        """Text to ids: string (batch,) or (batch, 1) -> int64 (batch, length of the longest), padded with 0.

        Everything happens in `split`, because backends other than TensorFlow hand `standardize` NumPy arrays.
        """
        tokens = self.vocabulary[len(vocabulary.RESERVED_TOKENS) :] or [
            "\n"
        ]  # Keras refuses none; no text has this token
        with tf.init_scope():  # its table must outlive the graph that asks for the layer first
            layer = keras.layers.TextVectorization(standardize=None, split=self.tokenizer, vocabulary=tokens)
        layer.built = True  # it has no weights, and an ExportArchive tracks built layers only
        return layer

    def __call__(self, texts: tf.Tensor | Sequence[str]) -> tf.Tensor:
        """Ids of a batch of texts, string (batch,) -> int32 (batch, length of the longest), padded with 0."""
        return tf.cast(self.layer(tf.convert_to_tensor(texts)), tf.int32)

    def encode(self, texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Ids of many texts.

        Returns:
            Ids of all documents one after the other, int32 (tokens,), and where each begins, int64 (documents + 1,).
        """
        batches = list(_batches(map(_utf8, texts)))
        if not batches:
            return np.empty(0, np.int32), np.zeros(1, np.int64)
        ragged = self._ragged
        if len(batches) == 1:  # as of a single text, whose answer need not wait for threads
            found = [ragged(tf.constant(batches[0]))]
        else:
            with ThreadPoolExecutor(_THREADS) as threads:
                found = list(threads.map(lambda batch: ragged(tf.constant(batch)), batches))
        lengths = [np.zeros(1, np.int64), *(batch.row_lengths().numpy() for batch in found)]
        return np.concatenate([batch.values.numpy() for batch in found]), np.cumsum(np.concatenate(lengths))

    def tokenize_text(self, text: str | bytes) -> list[str]:
        """Tokens of one text that would get an id, without TensorFlow."""
        return python_tokenizer.tokenize(text, self.rules, **self._how_to_split)

    def tokenize_with_offsets(self, text: str) -> list[offsets.TokenSpan]:
        """The tokens of ``tokenize_text`` and where in the text each stands."""
        return offsets.tokenize_with_offsets(text, self.rules, **self._how_to_split)

    @property
    def _how_to_split(self) -> dict[str, Any]:
        return {
            "level": self.settings.level,
            "max_length": self.settings.max_length,
            "stop_words": self._stop_words,
            "pieces": self._ids if self.settings.uses_wordpiece else (),
        }

    def is_single_token(self, word: str) -> bool:
        """Whether a word of the vocabulary, or one that would be added to it, is one token in a text."""
        tokens = self.tokenize_text(word)
        return tokens == [word] or (
            self.settings.uses_dictionary and segmentation.select_words(["".join(tokens)]) == [word]
        )

    def encode_text(self, text: str | bytes) -> list[int]:
        """Ids of one text, without TensorFlow."""
        return [self._ids.get(token, 1) for token in self.tokenize_text(text)]

    @cached_property
    def _ragged(self) -> Callable[[tf.Tensor], tf.RaggedTensor]:
        """``__call__`` without the padding, traced once."""
        return tf.function(
            lambda texts: tf.RaggedTensor.from_tensor(self(texts), padding=0),
            autograph=False,  # nothing here branches on a tensor, and AutoGraph would take a second to see it
            input_signature=[tf.TensorSpec([None], tf.string)],
        )

    @cached_property
    def _stop_words(self) -> frozenset[str]:
        return frozenset(self.stop_words)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary) if number > 1}


@lru_cache(maxsize=8)
def _counter(settings: TextConfig, known: tuple[str, ...], stop_words: tuple[str, ...]) -> Callable[[tf.Tensor], Any]:
    """The tokens of a batch of texts with their frequencies; traced once, however often a classifier is fitted."""
    tokenizer = Vectorizer(settings, known, stop_words).tokenizer
    return tf.function(
        lambda batch: tf.unique_with_counts(tokenizer(batch).values),
        autograph=False,
        input_signature=[tf.TensorSpec([None], tf.string)],
    )


def _utf8(text: str) -> bytes:
    """Bytes of a text; lone surrogates become invalid UTF-8, which the rules repair."""
    return text.encode("utf-8", "surrogatepass")


def _batches(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Texts in batches, bounded in documents and in bytes."""
    batch: list[bytes] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if len(batch) == _BATCH_DOCUMENTS or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
