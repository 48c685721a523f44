"""``char_cnn``: residual gated convolutions over characters, beside n-grams; needs no word segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("char_cnn")
@dataclass(frozen=True, kw_only=True)
class CharCNN(ModelConfig):
    """Character CNN: gated convolutions with residual connections and pooling, beside a bag of hashed n-grams.

    Repeated convolution and pooling is hard to train: each layer squashes what the gradient of the one below has to
    pass. Three things make it trainable. A block adds its input to its result, so the gradient has a path that no
    convolution touches; the gate multiplies a linear half, so it has no saturated side (Dauphin et al. 2017, section
    3); and pooling by 2 stands between the blocks, outside the residual path, so each block sees twice the text of the
    one before at half the cost. The last block is pooled over all that is left of the text, whatever its length.
    """

    paper: ClassVar[str] = "Zhang, Zhao & LeCun 2015 (characters); Dauphin et al. 2017 (gated convolutions)"
    good_for: ClassVar[str] = "Chinese and other languages without spaces; misspelt, mixed or noisy text"
    text: ClassVar[TextConfig] = TextConfig(level="character", max_tokens=20_000, min_count=1, max_length=512)
    sequence_layers: ClassVar[str] = r"block_\d+"

    embedding_dim: PositiveInt = 128
    """Length of a character vector."""
    start_token: bool = True
    """Put a token of its own before the text, so that filters and n-grams know what opens a document."""
    filters: PositiveInt = 128
    """Channels of every block; even for gate=complementary."""
    kernel_size: PositiveInt = 3
    """Characters that a convolution sees at once."""
    blocks: PositiveInt = 2
    """Blocks of convolution, gate and residual connection."""
    pool_size: PositiveInt = 2
    """Positions that become one between two blocks; 1: none are joined."""
    gate: Literal["glu", "complementary"] = "glu"
    """Of a convolution's halves A, B: glu passes A*sigmoid(B), complementary also A*(1-sigmoid(B))."""
    pooling: Literal["max", "average", "both"] = "max"
    """What is kept of the last block's answers over the text."""
    ngrams: tuple[PositiveInt, ...] = (1, 2, 3)
    """Lengths of the character n-grams that have a vector of their own, beside the convolutions; empty: none."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table that n-grams of two tokens and more share, up to 524288."""
    ngram_dim: PositiveInt = 16
    """Length of an n-gram's vector."""
    ngram_dropout: Rate = 0.2
    """Part of the n-grams, 0 to below 1, that is left out in training."""
    hidden_units: tuple[PositiveInt, ...] = ()
    """Units of the dense layers over the convolutions, a layer a number."""
    dropout: Rate = 0.5
    """Part of the convolutions' features, 0 to below 1, that is dropped in training."""
    block_dropout: Rate = 0.1
    """Part of a later block's input, 0 to below 1, that its convolution does not see in training."""
    embedding_dropout: Rate = 0.2
    """Part of the character vectors' numbers, 0 to below 1, that is dropped in training."""
    character_dropout: Rate = 0.0
    """Part of the characters, 0 to below 1, that is made unknown in training."""

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        ids, halves = vocabulary_size + self.start_token, 2 if self.gate == "glu" else 1
        total, channels = ids * self.embedding_dim, self.embedding_dim
        for _ in range(self.blocks):
            total += (self.kernel_size * channels + 1) * halves * self.filters
            total += channels * self.filters if channels != self.filters else 0  # the shortcut's linear layer
            channels = self.filters
        features = self.filters * (2 if self.pooling == "both" else 1)
        for units in self.hidden_units:
            total += (features + 1) * units
            features = units
        if self.ngrams:
            total += (ids + self.ngram_buckets) * self.ngram_dim
            features += self.ngram_dim
        return total + (features + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.character_dropout, name="character_dropout")(ids)
        tokens, vocabulary_size = layers.add_start_token(
            tokens, start_token=self.start_token, vocabulary_size=vocabulary_size
        )
        valid = layers.PaddingMask(name="valid")(tokens)
        x = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        x = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(x)
        x = keras.layers.Multiply(name="characters")([x, valid])

        for block in range(self.blocks):
            if block and self.pool_size > 1:
                x, valid = layers.MaskedMaxPooling1D(pool_size=self.pool_size, name=f"shorten_{block}")(x, valid)
            x = layers.ResidualGatedBlock(
                filters=self.filters,
                kernel_size=self.kernel_size,
                gate=self.gate,
                dropout=self.block_dropout if block else 0.0,
                name=f"block_{block + 1}",
            )(x, valid)
        deep = layers.MaskedGlobalPooling1D(pooling=self.pooling, name="pooling")(x, valid)
        for number, units in enumerate(self.hidden_units, 1):
            deep = keras.layers.Dropout(self.dropout, name=f"hidden_dropout_{number}")(deep)
            deep = keras.layers.Dense(units, activation="relu", name=f"hidden_{number}")(deep)

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
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return keras.Model(ids, logits, name="char_cnn")
