"""``bow``: a bag of hashed n-gram vectors, similar to fastText; the baseline for deeper models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("bow")
@dataclass(frozen=True, kw_only=True)
class BagOfNGrams(ModelConfig):
    """Bag of hashed n-grams (Joulin et al. 2017), without convolutions and without word order beyond the n-gram."""

    paper: ClassVar[str] = "Joulin et al. 2017, Bag of Tricks for Efficient Text Classification"
    good_for: ClassVar[str] = "a first result in seconds; long documents and topics"
    parameter_count: ClassVar[int] = 4_514_354
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=1, max_length=512)

    start_token: bool = True
    """Add a start token to every text, so that an n-gram can recognize how a text begins."""
    ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the n-grams, in words."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table for n-grams of two or more tokens, at most 524288."""
    ngram_dim: PositiveInt = 16
    """Dimension of the n-gram vectors."""
    linear_ngrams: tuple[PositiveInt, ...] = ()
    """Lengths of the n-grams of a linear member, in words, for example 1 2; empty: no linear member. It is solved after
    the training of the bag."""
    linear_characters: tuple[PositiveInt, ...] = (2, 3, 4, 5)
    """Lengths of the n-grams of characters inside words, for the linear member; empty: none."""
    dropout: Rate = 0.0
    """Fraction of the features that is dropped in training, 0 to below 1."""
    word_dropout: Rate = 0.0
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        tokens, vocabulary_size = layers.add_start_token(
            tokens, start_token=self.start_token, vocabulary_size=vocabulary_size
        )
        bag = layers.ngram_branch(
            tokens, sizes=self.ngrams, buckets=self.ngram_buckets, dim=self.ngram_dim, vocabulary_size=vocabulary_size
        )
        features = keras.layers.Dropout(self.dropout, name="features")(bag)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return BuiltModel(
            keras.Model(ids, logits, name="bow"),
            LayerRoles(head=("logits",), ngram_embeddings=("ngram_embedding",), pooling=("ngram_pooling",)),
        )
