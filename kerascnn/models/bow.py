"""``bow``: a bag of hashed n-gram vectors, nearly as fastText has it; the baseline that a deeper model has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("bow")
@dataclass(frozen=True, kw_only=True)
class BagOfNGrams(ModelConfig):
    """Bag of hashed n-grams (Joulin et al. 2017): no order beyond the n-gram, no convolution."""

    paper: ClassVar[str] = "Joulin et al. 2017, Bag of Tricks for Efficient Text Classification"
    good_for: ClassVar[str] = "a first answer in seconds; long documents and topics"
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=1, max_length=512)

    start_token: bool = True
    """Put a token of its own before the text, so that an n-gram knows that it opens a document."""
    ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the n-grams that have a vector."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table that n-grams of two tokens and more share, up to 524288."""
    ngram_dim: PositiveInt = 16
    """Length of an n-gram's vector."""
    dropout: Rate = 0.0
    """Part of the bag's numbers, 0 to below 1, that is dropped in training."""
    word_dropout: Rate = 0.0
    """Part of the tokens, 0 to below 1, that is made unknown in training."""

    @property
    def pooling_layers(self) -> str:
        """See ``ModelConfig.pooling_layers``."""
        return "ngram_pooling"

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        rows = vocabulary_size + self.start_token + self.ngram_buckets
        return rows * self.ngram_dim + (self.ngram_dim + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
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
        return keras.Model(ids, logits, name="bow")
