"""Text to token ids: the settings, stop words and vocabulary of a model in one object."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.text import segmentation, vocabulary
from kerascnn.text.config import TextConfig
from kerascnn.text.text_encoder import TextEncoder
from kerascnn.text.tf_sentencepiece import SentencePieceEncoder
from kerascnn.text.tf_tokenizer import Tokenizer, load_tensorflow_text
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.tensorflow_startup import claim_process
from kerascnn.utils.thread_safety import LockedCachedProperty

# Large enough to amortize the overhead of a call; a batch of very long documents still fits in memory.
_BATCH_DOCUMENTS = 1024
_BATCH_BYTES = 4_000_000
_NUM_THREADS = 2

EncodedBatch = tuple[tf.Tensor, tf.Tensor]


class Vectorizer(TextEncoder):
    """Converts text to token ids, in the TensorFlow graph or in plain Python, with equal results.

    Example:
        >>> vectorizer = Vectorizer.adapt(["a good film", "a bad film"], TextConfig(min_count=1))
        >>> vectorizer.encode_text("A good book")
        [2, 5, 1]
    """

    @classmethod
    def adapt(
        cls, texts: Iterable[str], settings: TextConfig, *, vectors: str = "", verbose: bool = False
    ) -> Vectorizer:
        """Build the vocabulary from texts, which are read once and not stored.

        Only the first `max_length` tokens of each text are counted, because a model sees no others.

        Args:
            texts: Training texts.
            settings: Text settings.
            vectors: Path of a file of pretrained word vectors. The split `dictionary` looks for its words if
                `settings.dictionary` is empty.
            verbose: Show a progress bar.

        Raises:
            InputError: The file of stop words or the dictionary cannot be used, or `settings.split` is ``wordpiece``
                or ``sentencepiece``, which need a pretrained encoder, or tensorflow-text is needed and cannot be
                imported.
        """
        counts = cls.count_tokens(texts, settings, vectors=vectors, verbose=verbose)
        return cls.from_counts(counts, settings, vectors=vectors)

    @classmethod
    def count_tokens(
        cls, texts: Iterable[str], settings: TextConfig, *, vectors: str = "", verbose: bool = False
    ) -> Counter[str]:
        """Return the frequencies of the tokens of texts, see ``adapt``; those of parts of the texts can be added."""
        if settings.uses_wordpiece:
            raise InputError(
                "text.split wordpiece uses the pieces of a pretrained encoder; give --model hub_cnn or"
                " sentence_transformer"
            )
        tokens = (*RESERVED_TOKENS, *segmentation.load_words(settings, vectors))
        count_batch = _make_counter(settings, tokens, cls._read_stop_words(settings, vectors))
        counts: Counter[bytes] = Counter()
        texts = progress_bar(texts, title="building the vocabulary", unit="documents", verbose=verbose)
        for batch in _batch_texts(map(_to_bytes, texts)):
            batch_tokens, _, frequencies = count_batch(tf.constant(batch))
            for token, frequency in zip(batch_tokens.numpy().tolist(), frequencies.numpy().tolist(), strict=True):
                counts[token] += frequency
        return Counter({token.decode(): frequency for token, frequency in counts.items()})

    @classmethod
    def from_counts(cls, counts: Counter[str], settings: TextConfig, *, vectors: str = "") -> Vectorizer:
        """Return the vectorizer with the most frequent tokens, see ``count_tokens``."""
        stop_words = cls._read_stop_words(settings, vectors)
        return cls(settings, segmentation.build_vocabulary(counts, settings), stop_words)

    @classmethod
    def _read_stop_words(cls, settings: TextConfig, vectors: str) -> tuple[str, ...]:
        if not settings.stop_words:
            return ()
        tokens = [*RESERVED_TOKENS, *segmentation.load_words(settings, vectors)]
        return vocabulary.read_stop_words(settings.stop_words, cls(settings, tokens).tokenize_text)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer for the TensorFlow graph, unless pieces of a SentencePiece model are used.

        Raises:
            InputError: tensorflow-text is needed and cannot be imported.
        """
        for name, is_used in (
            (f"text.normalize {self.settings.normalize}", self.settings.normalize != "none"),
            ("text.split wordpiece", self.settings.uses_wordpiece),
        ):
            if is_used:  # here, because an error while a graph is traced is hard to read
                load_tensorflow_text(name)
        return Tokenizer(
            rules=self.rules,
            level=self.settings.level,
            max_length=self.settings.max_length,
            stop_words=self.stop_words,
            pieces=self.vocabulary[len(RESERVED_TOKENS) :] if self.settings.uses_wordpiece else (),
        )

    @LockedCachedProperty
    def layer(self) -> keras.layers.TextVectorization | SentencePieceEncoder:
        """Callable: string (batch,) -> int32 or int64 (batch, length of the longest document), padded with 0.

        An ``ExportArchive`` has to track it. It is a Keras layer, whose `split` argument does all the work, because
        backends other than TensorFlow pass NumPy arrays to `standardize`; or a ``SentencePieceEncoder``.
        """
        if self.sentencepiece:
            return SentencePieceEncoder(self.sentencepiece, self.rules, self.settings.max_length)
        # Keras rejects an empty vocabulary; no text contains the token "\n".
        tokens = self.vocabulary[len(RESERVED_TOKENS) :] or ["\n"]
        tokenizer = self.tokenizer
        with tf.init_scope():  # the lookup table must outlive the graph that uses the layer first
            layer = keras.layers.TextVectorization(standardize=None, split=tokenizer, vocabulary=tokens)
        layer.built = True  # it has no weights, and an ExportArchive tracks built layers only
        return layer

    def __call__(self, texts: tf.Tensor | Sequence[str]) -> tf.Tensor:
        """Encode a batch in the graph: string (batch,) -> int32 (batch, length of the longest), padded with 0."""
        return tf.cast(self.layer(tf.convert_to_tensor(texts)), tf.int32)

    def encode(self, texts: Iterable[str], *, num_threads: int = _NUM_THREADS) -> tuple[np.ndarray, np.ndarray]:
        """Encode many texts.

        Args:
            texts: The texts.
            num_threads: Threads that encode batches of texts at the same time.

        Returns:
            The values and row splits of a ragged array: the ids of all documents, int32 (tokens,), and the start of
            each document in them, int64 (documents + 1,).
        """
        claim_process()
        batches = _batch_texts(map(_to_bytes, texts))
        first = list(itertools.islice(batches, 2))
        if not first:
            return np.empty(0, np.int32), np.zeros(1, np.int64)
        if len(first) == 1 or num_threads == 1:  # a single text should not wait for threads to start
            encoded: Iterator[EncodedBatch] = map(self._encode_batch, itertools.chain(first, batches))
        else:
            encoded = _map_in_threads(self._encode_batch, num_threads, itertools.chain(first, batches))
        values, lengths = zip(*((ids.numpy(), counts.numpy()) for ids, counts in encoded), strict=True)
        return np.concatenate(values), np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))

    def _encode_batch(self, texts: list[bytes]) -> EncodedBatch:
        """Return the ids of all texts, int32 (tokens,), and their numbers, int64 (texts,)."""
        ids: EncodedBatch = self._encode_function(tf.constant(texts))
        return ids

    @LockedCachedProperty
    def _encode_function(self) -> Callable[[tf.Tensor], Any]:
        """``__call__`` without padding, traced once."""

        def encode(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            ragged = tf.RaggedTensor.from_tensor(self(texts), padding=0)
            return ragged.values, ragged.row_lengths()

        # AutoGraph would take a second to find out that nothing branches on a tensor
        function: Callable[[tf.Tensor], Any] = tf.function(
            encode, autograph=False, input_signature=[tf.TensorSpec([None], tf.string)]
        )
        return function


@lru_cache(maxsize=8)
def _make_counter(
    settings: TextConfig, tokens: tuple[str, ...], stop_words: tuple[str, ...]
) -> Callable[[tf.Tensor], Any]:
    """Return a function that counts the tokens of a batch; cached, so that repeated fits trace it once."""
    tokenizer = Vectorizer(settings, tokens, stop_words).tokenizer
    function: Callable[[tf.Tensor], Any] = tf.function(
        lambda batch: tf.unique_with_counts(tokenizer(batch).values),
        autograph=False,
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    return function


def _map_in_threads(
    function: Callable[[list[bytes]], EncodedBatch], num_threads: int, batches: Iterable[list[bytes]]
) -> Iterator[EncodedBatch]:
    """Yield the results of batches in their order; few batches are in memory at a time."""
    pending = deque[Future[EncodedBatch]]()
    with ThreadPoolExecutor(num_threads) as threads:
        for batch in batches:
            pending.append(threads.submit(function, batch))
            if len(pending) > 2 * num_threads:
                yield pending.popleft().result()
        yield from (future.result() for future in pending)


def _to_bytes(text: str) -> bytes:
    """Encode a text as UTF-8; lone surrogates become invalid bytes, which the rules repair."""
    return text.encode("utf-8", "surrogatepass")


def _batch_texts(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield batches of at most ``_BATCH_DOCUMENTS`` texts, or of little more than ``_BATCH_BYTES``."""
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
