"""``word_cnn``: convolutions of several widths over words, the strongest answer of each filter kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.network import Network, Text

if TYPE_CHECKING:
    import keras


@register("word_cnn")
@dataclass(frozen=True, kw_only=True)
class WordCNN(Network):
    """Word CNN: parallel convolutions of several kernel sizes, pooled over time (Kim 2014)."""

    paper: ClassVar[str] = "Kim 2014, Convolutional Neural Networks for Sentence Classification"
    good_for: ClassVar[str] = "English and other languages with spaces: sentiment, topics, intents; short or long texts"
    text: ClassVar[Text] = Text(level="word", max_tokens=50_000, min_count=1, max_length=512)

    embedding_dim: int = 100
    """Length of a word vector."""
    kernel_sizes: tuple[int, ...] = (1, 2, 3)
    """Words that the convolutions see at once, a convolution a number."""
    filters: int = 100
    """Filters of each convolution."""
    pooling: Literal["max", "average", "both"] = "max"
    """What is kept of a filter's answers over the text."""
    ngrams: tuple[int, ...] = (2, 3)
    """Lengths of the word n-grams that have a vector of their own, averaged over the text; empty: none."""
    ngram_buckets: int = 2**17
    """Rows of the hash table of n-gram vectors, up to 524288."""
    ngram_dim: int = 16
    """Length of an n-gram's vector."""
    hidden_units: int = 0
    """Units of a dense layer below the logits; 0: none."""
    dropout: float = 0.5
    """Part of the features, 0 to 1, that is dropped in training."""
    embedding_dropout: float = 0.2
    """Part of the word vectors' numbers, 0 to 1, that is dropped in training."""
    word_dropout: float = 0.0
    """Part of the words, 0 to 1, that is made unknown in training."""
    max_norm: float = 0.0
    """Largest norm of a class's weights in the last layer; 0: no bound."""

    def build(self, *, vocabulary_size: int, classes: int) -> keras.Model:
        """Build the untrained model, see ``Network.build``.

        Parameters, with V ids, C classes, d = embedding_dim, f = filters and F features: ``V d``, for each kernel size
        k ``(k d + 1) f``, for the n-grams ``(ngram_buckets + 1) ngram_dim``, for the logits ``(F + 1) C``. F is f for
        each kernel size (2 f with pooling "both") plus ngram_dim; a dense layer adds ``(F + 1) hidden_units``.
        """
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        valid = layers.PaddingMask(name="valid")(ids)
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        words = keras.layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        words = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(words)
        words = keras.layers.Multiply(name="words")([words, valid])
        branches = []
        for size in self.kernel_sizes:
            convolution = keras.layers.Conv1D(
                self.filters, size, padding="same", activation="relu", name=f"convolution_{size}"
            )
            pooling = layers.MaskedPooling(pooling=self.pooling, name=f"pooling_{size}")
            branches.append(pooling(convolution(words), valid))
        if self.ngrams:
            rows = layers.HashedNGrams(sizes=self.ngrams, buckets=self.ngram_buckets, name="ngrams")(tokens)
            rows = keras.layers.Reshape((-1,), name="ngram_rows")(rows)
            vectors = keras.layers.Embedding(self.ngram_buckets + 1, self.ngram_dim, name="ngram_embedding")(rows)
            present = layers.PaddingMask(name="ngram_valid")(rows)
            branches.append(layers.MaskedPooling(pooling="average", name="ngram_pooling")(vectors, present))
        features = branches[0] if len(branches) == 1 else keras.layers.Concatenate(name="branches")(branches)
        if self.hidden_units:
            features = keras.layers.Dropout(self.dropout, name="branches_dropout")(features)
            features = keras.layers.Dense(self.hidden_units, activation="relu", name="hidden")(features)
        features = keras.layers.Identity(name="features")(features)
        kept = keras.layers.Dropout(self.dropout, name="dropout")(features)
        bound = keras.constraints.MaxNorm(self.max_norm) if self.max_norm else None
        logits = keras.layers.Dense(classes, kernel_constraint=bound, dtype="float32", name="logits")(kept)
        return keras.Model(ids, logits, name="word_cnn")
