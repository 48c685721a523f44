"""``word_cnn``: convolutions of several widths over words, the strongest answer of each filter kept, beside n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import NonNegativeFloat, PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("word_cnn")
@dataclass(frozen=True, kw_only=True)
class WordCNN(ModelConfig):
    """Word CNN (Kim 2014) and a bag of hashed n-grams (Joulin et al. 2017), an ensemble in one network."""

    paper: ClassVar[str] = "Kim 2014, Convolutional Neural Networks for Sentence Classification"
    good_for: ClassVar[str] = "languages with spaces: sentiment, topics, intents; short and long texts"
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=1, max_length=512)
    sequence_layers: ClassVar[str] = r"convolution_\d+"

    embedding_dim: PositiveInt = 64
    """Length of a word vector."""
    static_channel: bool = False
    """Read every word through a second table as well, which keeps its first values: Kim's multichannel."""
    start_token: bool = True
    """Put a token of its own before the text, so that filters and n-grams know what opens a document."""
    kernel_sizes: tuple[PositiveInt, ...] = (1, 2, 3)
    """Words that the convolutions see at once, a convolution a number."""
    filters: PositiveInt = 64
    """Filters of each convolution."""
    pooling: Literal["max", "average", "both"] = "max"
    """What is kept of a filter's answers over the text."""
    ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the word n-grams that have a vector of their own, beside the convolutions; empty: none."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table that n-grams of two tokens and more share, up to 524288."""
    ngram_dim: PositiveInt = 16
    """Length of an n-gram's vector."""
    ngram_dropout: Rate = 0.0
    """Part of the n-grams, 0 to below 1, that is left out in training."""
    hidden_units: int = 0
    """Units of a dense layer over the convolutions; 0: none."""
    dropout: Rate = 0.5
    """Part of the convolutions' features, 0 to below 1, that is dropped in training."""
    embedding_dropout: Rate = 0.2
    """Part of the word vectors' numbers, 0 to below 1, that is dropped in training."""
    word_dropout: Rate = 0.0
    """Part of the words, 0 to below 1, that is made unknown in training."""
    max_norm: NonNegativeFloat = 0.0
    """Largest norm of a class's weights in the last layer; 0: no bound."""

    @property
    def pooling_layers(self) -> str:
        """See ``ModelConfig.pooling_layers``."""
        return "" if self.hidden_units else r"pooling_\d+|ngram_pooling"

    @property
    def parallel_branches(self) -> int:
        """See ``ModelConfig.parallel_branches``: the convolutions."""
        return len(self.kernel_sizes)

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        ids = vocabulary_size + self.start_token
        features = len(self.kernel_sizes) * self.filters * (2 if self.pooling == "both" else 1)
        total = ids * self.embedding_dim
        channels = self.embedding_dim * (1 + self.static_channel)
        total += sum((size * channels + 1) * self.filters for size in self.kernel_sizes)
        if self.hidden_units:
            total += (features + 1) * self.hidden_units
            features = self.hidden_units
        if self.ngrams:
            total += (ids + self.ngram_buckets) * self.ngram_dim
            features += self.ngram_dim
        return total + (features + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        tokens, vocabulary_size = layers.add_start_token(
            tokens, start_token=self.start_token, vocabulary_size=vocabulary_size
        )
        valid = layers.PaddingMask(name="valid")(tokens)
        words = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        if self.static_channel:
            static = layers.Embedding(vocabulary_size, self.embedding_dim, trainable=False, name="static_embedding")
            words = keras.layers.Concatenate(name="channels")([words, static(tokens)])
        words = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(words)
        words = keras.layers.Multiply(name="words")([words, valid])

        branches = layers.convolution_branches(
            words, valid, kernel_sizes=self.kernel_sizes, filters=self.filters, pooling=self.pooling
        )
        deep = layers.concatenate(branches, name="convolutions")
        if self.hidden_units:
            deep = keras.layers.Dropout(self.dropout, name="hidden_dropout")(deep)
            deep = keras.layers.Dense(self.hidden_units, activation="relu", name="hidden")(deep)

        parts = [keras.layers.Dropout(self.dropout, name="dropout")(deep)]
        if self.ngrams:
            bag = layers.ngram_branch(
                tokens,
                sizes=self.ngrams,
                buckets=self.ngram_buckets,
                dim=self.ngram_dim,
                vocabulary_size=vocabulary_size,
                dropout=self.ngram_dropout,
            )
            parts.append(bag)
        features = layers.concatenate(parts, name="features")
        logits = layers.EnsembleHead(
            num_classes,
            parts=[part.shape[-1] for part in parts],
            kernel_constraint=keras.constraints.MaxNorm(self.max_norm) if self.max_norm else None,
            dtype="float32",
            name="logits",
        )(features)
        return keras.Model(ids, logits, name="word_cnn")
