"""``char_cnn``: residual gated convolutions over characters; needs no word segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.network import Network, Text

if TYPE_CHECKING:
    import keras


@register("char_cnn")
@dataclass(frozen=True, kw_only=True)
class CharCNN(Network):
    """Character CNN: residual blocks of convolution and gated linear unit, with max pooling between them."""

    paper: ClassVar[str] = "Zhang, Zhao & LeCun 2015 (characters); Dauphin et al. 2017 (gated convolutions)"
    good_for: ClassVar[str] = "Chinese and other languages without spaces; misspelt, mixed or noisy text"
    text: ClassVar[Text] = Text(level="character", max_tokens=20_000, min_count=1, max_length=512)

    embedding_dim: int = 100
    """Length of a character vector."""
    filters: int = 128
    """Channels of every block; even for gate=complementary."""
    kernel_size: int = 3
    """Characters that a convolution sees at once."""
    blocks: int = 2
    """Blocks of convolution, gate and residual connection."""
    pool_size: int = 2
    """Positions that become one between two blocks; 1: none are joined."""
    gate: Literal["glu", "complementary"] = "glu"
    """Of a convolution's halves A, B: glu passes A*sigmoid(B), complementary also A*(1-sigmoid(B))."""
    pooling: Literal["max", "average", "both"] = "max"
    """What is kept of the last block's answers over the text."""
    ngrams: tuple[int, ...] = (2, 3)
    """Lengths of the character n-grams that have a vector of their own; empty: none."""
    ngram_buckets: int = 2**17
    """Rows of the hash table of n-gram vectors, up to 524288."""
    hidden_units: tuple[int, ...] = ()
    """Units of the dense layers below the logits, a layer a number."""
    dropout: float = 0.5
    """Part of the features, 0 to 1, that is dropped in training."""
    block_dropout: float = 0.1
    """Part of a block's input, 0 to 1, that its convolution does not see in training."""
    embedding_dropout: float = 0.2
    """Part of the character vectors' numbers, 0 to 1, that is dropped in training."""
    character_dropout: float = 0.0
    """Part of the characters, 0 to 1, that is made unknown in training."""

    def build(self, *, vocabulary_size: int, classes: int) -> keras.Model:
        """Build the untrained model, see ``Network.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        valid = layers.PaddingMask(name="valid")(ids)
        tokens = layers.TokenDropout(rate=self.character_dropout, name="character_dropout")(ids)
        x = keras.layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        branches = []
        if self.ngrams:
            rows = layers.HashedNGrams(sizes=self.ngrams, buckets=self.ngram_buckets, name="ngrams")(tokens)
            rows = keras.layers.Reshape((-1,), name="ngram_rows")(rows)
            vectors = keras.layers.Embedding(self.ngram_buckets + 1, 16, name="ngram_embedding")(rows)
            present = layers.PaddingMask(name="ngram_valid")(rows)
            branches.append(layers.MaskedPooling(pooling="average", name="ngram_pooling")(vectors, present))
        x = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(x)
        x = keras.layers.Multiply(name="characters")([x, valid])
        for block in range(self.blocks):
            if block and self.pool_size > 1:
                x, valid = layers.MaskedMaxPooling(pool_size=self.pool_size, name=f"shorten_{block}")(x, valid)
            x = layers.ResidualGatedBlock(
                filters=self.filters,
                kernel_size=self.kernel_size,
                gate=self.gate,
                dropout=self.block_dropout if block else 0.0,
                name=f"block_{block + 1}",
            )(x, valid)
        branches.append(layers.MaskedPooling(pooling=self.pooling, name="pooling")(x, valid))
        x = branches[0] if len(branches) == 1 else keras.layers.Concatenate(name="branches")(branches)
        for number, units in enumerate(self.hidden_units, 1):
            x = keras.layers.Dropout(self.dropout, name=f"dropout_{number}")(x)
            x = keras.layers.Dense(units, activation="relu", name=f"hidden_{number}")(x)
        features = keras.layers.Identity(name="features")(x)
        kept = keras.layers.Dropout(self.dropout, name="dropout")(features)
        logits = keras.layers.Dense(classes, dtype="float32", name="logits")(kept)
        return keras.Model(ids, logits, name="char_cnn")
