"""Text to token ids: the settings, stop words and vocabulary of a model in one object."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property, lru_cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.text import offsets, python_tokenizer, segmentation, vocabulary
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import VERSION, build_rules
from kerascnn.text.sentencepiece import SentencePieceModel
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


class Vectorizer:
    """Converts text to token ids, in the TensorFlow graph or in plain Python, with equal results.

    Args:
        settings: Text settings. The file `settings.stop_words` is not read here, but by ``adapt``.
        vocabulary: Tokens by id; 0 is the padding token, 1 the unknown token.
        stop_words: Tokens to remove.
        sentencepiece: With the split `sentencepiece`, the model whose ``tokens`` are the vocabulary.

    Attributes:
        rules: Preprocessing rules, see ``rules.build_rules``. With the split `dictionary` they include the words.

    Example:
        >>> vectorizer = Vectorizer.adapt(["a good film", "a bad film"], TextConfig(min_count=1))
        >>> vectorizer.encode_text("A good book")
        [2, 5, 1]
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
        if settings.uses_wordpiece:
            raise InputError(
                "text.split wordpiece uses the pieces of a pretrained encoder; give --model hub_cnn or"
                " sentence_transformer"
            )
        tokens = [*RESERVED_TOKENS, *segmentation.load_words(settings, vectors)]
        stop_words: tuple[str, ...] = ()
        if settings.stop_words:
            stop_words = vocabulary.read_stop_words(settings.stop_words, cls(settings, tokens).tokenize_text)
        count_tokens = _make_counter(settings, tuple(tokens), stop_words)
        counts: Counter[bytes] = Counter()
        texts = progress_bar(texts, title="building the vocabulary", unit="documents", verbose=verbose)
        for batch in _batch_texts(map(_to_bytes, texts)):
            batch_tokens, _, frequencies = count_tokens(tf.constant(batch))
            for token, frequency in zip(batch_tokens.numpy().tolist(), frequencies.numpy().tolist(), strict=True):
                counts[token] += frequency
        decoded = Counter({token.decode(): frequency for token, frequency in counts.items()})
        return cls(settings, segmentation.build_vocabulary(decoded, settings), stop_words)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], vocabulary: Sequence[str], sentencepiece: SentencePieceModel | None = None
    ) -> Vectorizer:
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

    def encode(self, texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Encode many texts.

        Returns:
            The values and row splits of a ragged array: the ids of all documents, int32 (tokens,), and the start of
            each document in them, int64 (documents + 1,).
        """
        claim_process()
        batches = _batch_texts(map(_to_bytes, texts))
        first = list(itertools.islice(batches, 2))
        if not first:
            return np.empty(0, np.int32), np.zeros(1, np.int64)
        if len(first) == 1:  # a single text should not wait for threads to start
            encoded = [self._encode_batch(tf.constant(first[0]))]
        else:
            encoded = list(_map_in_threads(lambda batch: self._encode_batch(tf.constant(batch)), first, batches))
        lengths = [np.zeros(1, np.int64), *(ragged.row_lengths().numpy() for ragged in encoded)]
        return np.concatenate([ragged.values.numpy() for ragged in encoded]), np.cumsum(np.concatenate(lengths))

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

    @LockedCachedProperty
    def _encode_batch(self) -> Callable[[tf.Tensor], tf.RaggedTensor]:
        """``__call__`` without padding, traced once: string (batch,) -> ragged int32 (batch, tokens)."""
        function: Callable[[tf.Tensor], tf.RaggedTensor] = tf.function(
            lambda texts: tf.RaggedTensor.from_tensor(self(texts), padding=0),
            autograph=False,  # nothing branches on a tensor, and AutoGraph would take a second to find that out
            input_signature=[tf.TensorSpec([None], tf.string)],
        )
        return function

    @cached_property
    def _stop_word_set(self) -> frozenset[str]:
        return frozenset(self.stop_words)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary) if number >= len(RESERVED_TOKENS)}


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
    function: Callable[[list[bytes]], tf.RaggedTensor], *batches: Iterable[list[bytes]]
) -> Iterator[tf.RaggedTensor]:
    """Yield the results of batches in their order; few batches are in memory at a time."""
    pending = deque[Future[tf.RaggedTensor]]()
    with ThreadPoolExecutor(_NUM_THREADS) as threads:
        for batch in itertools.chain(*batches):
            pending.append(threads.submit(function, batch))
            if len(pending) > 2 * _NUM_THREADS:
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
