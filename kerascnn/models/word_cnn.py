"""``word_cnn``: convolutions of several widths over words with max pooling over time, plus hashed n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import NonNegativeFloat, PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("word_cnn")
@dataclass(frozen=True, kw_only=True)
class WordCNN(ModelConfig):
    """Word CNN (Kim 2014), hashed n-grams (Joulin et al. 2017) and a linear SVM (Wang & Manning 2012) in one model."""

    paper: ClassVar[str] = "Kim 2014, Convolutional Neural Networks for Sentence Classification"
    good_for: ClassVar[str] = "languages with spaces: sentiment, topics, intents; short and long texts"
    parameter_count: ClassVar[int] = 5_819_570
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=1, max_length=512)
    has_sequence_outputs: ClassVar[bool] = True

    embedding_dim: PositiveInt = 64
    """Dimension of the word vectors."""
    static_channel: bool = False
    """Add a second embedding that keeps its initial values: the multichannel model of Kim."""
    start_token: bool = True
    """Add a start token to every text, so that filters and n-grams can recognize how a text begins."""
    kernel_sizes: tuple[PositiveInt, ...] = (1, 2, 3)
    """Widths of the convolutions, in words, one number per convolution."""
    filters: PositiveInt = 64
    """Number of filters of each convolution."""
    pooling: Literal["max", "average", "both"] = "max"
    """Pooling of each filter over the text; both: maximum and average."""
    ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the hashed n-grams, in words; empty: no n-grams."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table for n-grams of two or more tokens, at most 524288."""
    ngram_dim: PositiveInt = 16
    """Dimension of the n-gram vectors."""
    ngram_dropout: Rate = 0.0
    """Fraction of the n-grams that is dropped in training, 0 to below 1."""
    linear_ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the n-grams of the linear member, in words; empty: no linear member. It is solved after the training
    of the network."""
    linear_characters: tuple[PositiveInt, ...] = (2, 3, 4, 5)
    """Lengths of the n-grams of characters inside words, for the linear member; empty: none."""
    linear_vectors: bool = True
    """Whether the linear member uses the pretrained word vectors of --vectors, if there are any."""
    hidden_units: int = 0
    """Units of a dense layer after the convolutions; 0: no such layer."""
    dropout: Rate = 0.5
    """Fraction of the features of the convolutions that is dropped in training, 0 to below 1."""
    embedding_dropout: Rate = 0.2
    """Fraction of the elements of the word vectors that is dropped in training, 0 to below 1."""
    word_dropout: Rate = 0.0
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1."""
    max_norm: NonNegativeFloat = 0.0
    """Maximum norm of the weights of each class in the last layer; 0: no limit."""

    @property
    def parallel_branches(self) -> int:
        """Number of convolutions, see ``ModelConfig.parallel_branches``."""
        return len(self.kernel_sizes)

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        tokens, vocabulary_size = layers.add_start_token(
            tokens, start_token=self.start_token, vocabulary_size=vocabulary_size
        )
        valid = layers.PaddingMask(name="valid")(tokens)
        embedding = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")
        words = embedding(tokens)
        if self.static_channel:
            static = layers.Embedding(vocabulary_size, self.embedding_dim, trainable=False, name="static_embedding")
            words = keras.layers.Concatenate(name="channels")([words, static(tokens)])
        words = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(words)
        # Without dropout, equal tokens have equal vectors, and training processes each distinct token once.
        has_equal_vectors = self.pooling == "max" and not (
            self.static_channel or self.embedding_dropout or return_sequences
        )
        branches = layers.convolution_branches(
            keras.layers.Multiply(name="words")([words, valid]),
            valid,
            kernel_sizes=self.kernel_sizes,
            filters=self.filters,
            pooling=self.pooling,
            return_sequences=return_sequences,
            ids=tokens if has_equal_vectors else None,
            table=embedding(tokens, return_table=True) if has_equal_vectors else None,
        )
        deep = branches.output
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
        constraint = keras.constraints.MaxNorm(self.max_norm) if self.max_norm else None
        dense = {"kernel_constraint": constraint, "dtype": "float32", "name": "logits"}
        if self.ngrams:
            head = layers.EnsembleHead(num_classes, group_sizes=[part.shape[-1] for part in parts], **dense)
            model = layers.EnsembleModel(ids, head(features), name="word_cnn")
        else:
            model = keras.Model(ids, keras.layers.Dense(num_classes, **dense)(features), name="word_cnn")
        pooling = () if self.hidden_units else (*branches.pooling, *["ngram_pooling"] * bool(self.ngrams))
        roles = LayerRoles(
            head=("logits",),
            embeddings=("embedding", "static_embedding") if self.static_channel else ("embedding",),
            ngram_embeddings=("ngram_embedding",) if self.ngrams else (),
            pooling=pooling,
        )
        return BuiltModel(model, roles, branches.sequence_outputs)
