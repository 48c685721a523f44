"""``char_cnn``: residual gated convolutions over characters, plus hashed n-grams; needs no word segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("char_cnn")
@dataclass(frozen=True, kw_only=True)
class CharCNN(ModelConfig):
    """Character CNN: residual gated convolutions with pooling, plus hashed n-grams and a linear SVM on n-grams.

    Plain stacks of convolution and pooling are hard to train, because every layer shrinks the gradient. Three choices
    make this model trainable. A block adds its input to its output, so that the gradient has a path without
    convolutions. The gate multiplies a linear half of the channels, which does not saturate (Dauphin et al. 2017,
    section 3). Pooling by 2 is placed between the blocks, outside the residual path: each block sees twice the text of
    the previous one at half the cost. The output of the last block is pooled over the whole text.
    """

    paper: ClassVar[str] = "Zhang, Zhao & LeCun 2015 (characters); Dauphin et al. 2017 (gated convolutions)"
    good_for: ClassVar[str] = "Chinese and other languages without spaces; misspelled, mixed or noisy text"
    parameter_count: ClassVar[int] = 7_271_858
    text: ClassVar[TextConfig] = TextConfig(level="character", max_tokens=20_000, min_count=1, max_length=512)
    has_sequence_outputs: ClassVar[bool] = True

    embedding_dim: PositiveInt = 128
    """Dimension of the character vectors."""
    start_token: bool = True
    """Add a start token to every text, so that filters and n-grams can recognize how a text begins."""
    filters: PositiveInt = 128
    """Number of channels of every block; even for gate=complementary."""
    kernel_size: PositiveInt = 3
    """Width of the convolutions, in positions."""
    blocks: PositiveInt = 2
    """Number of blocks of convolution, gate and residual connection."""
    pool_size: PositiveInt = 2
    """Pooling factor between two blocks; 1: no pooling."""
    gate: Literal["glu", "complementary"] = "glu"
    """Gate of the halves A, B of a convolution: glu is A*sigmoid(B), complementary adds A*(1-sigmoid(B))."""
    pooling: Literal["max", "average", "both"] = "max"
    """Pooling of the last block over the text; both: maximum and average."""
    ngrams: tuple[PositiveInt, ...] = (1, 2, 3)
    """Lengths of the hashed n-grams, in characters; empty: no n-grams."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table for n-grams of two or more tokens, at most 524288."""
    ngram_dim: PositiveInt = 16
    """Dimension of the n-gram vectors."""
    ngram_dropout: Rate = 0.2
    """Fraction of the n-grams that is dropped in training, 0 to below 1."""
    linear_ngrams: tuple[PositiveInt, ...] = (1, 2, 3)
    """Lengths of the n-grams of the linear member, in characters; empty: no linear member. It is solved after the
    training of the network."""
    linear_vectors: bool = True
    """Whether the linear member uses the pretrained vectors of --vectors, if there are any."""
    hidden_units: tuple[PositiveInt, ...] = ()
    """Units of the dense layers after the convolutions, one number per layer."""
    dropout: Rate = 0.5
    """Fraction of the features of the convolutions that is dropped in training, 0 to below 1."""
    block_dropout: Rate = 0.1
    """Fraction of the convolution inputs, except in the first block, that is dropped in training, 0 to below 1."""
    embedding_dropout: Rate = 0.2
    """Fraction of the elements of the character vectors that is dropped in training, 0 to below 1."""
    character_dropout: Rate = 0.0
    """Fraction of the characters that is replaced by the unknown token in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
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

        sequence_outputs = []
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
            sequence_outputs.append(x)
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
        roles = LayerRoles(
            head=("logits",),
            embeddings=("embedding",),
            ngram_embeddings=("ngram_embedding",) if self.ngrams else (),
        )
        return BuiltModel(
            keras.Model(ids, logits, name="char_cnn"), roles, tuple(sequence_outputs) if return_sequences else ()
        )
