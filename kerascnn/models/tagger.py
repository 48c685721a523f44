"""Base class of the models with a label for each token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import NonNegativeInt, PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    from kerascnn.layers.types import Tensor

CRF_LAYER = "crf"
"""Name of the layer ``LinearChainCRF``."""
SCORES_LAYER = "logits"
"""Name of the layer that computes the scores of the tags of each token."""


@dataclass(frozen=True, kw_only=True)
class Tagger(ModelConfig):
    """Settings that all taggers share: the vectors of the tokens, and the last layers.

    A token is the vector of its word and, beside it, a character CNN (dos Santos & Zadrozny 2014, Chiu & Nichols 2016,
    Ma & Hovy 2016). Subclasses add the context.
    """

    tags_tokens: ClassVar[bool] = True
    has_sequence_outputs: ClassVar[bool] = True
    text: ClassVar[TextConfig] = TextConfig(
        level="word", max_tokens=100_000, min_count=2, standardize=("width", "lowercase")
    )

    embedding_dim: PositiveInt = 100
    """Dimension of the word vectors."""
    word_length: PositiveInt = 16
    """Characters of a word that the model sees; of a longer word, the first and the last ones."""
    character_dim: PositiveInt = 32
    """Dimension of the character vectors."""
    character_filters: NonNegativeInt = 128
    """Dimension of the vector that the character CNN computes of a word; 0: none. Models of characters have none."""
    character_kernel_size: PositiveInt = 3
    """Width of the convolutions over characters."""
    character_blocks: PositiveInt = 1
    """Number of residual gated blocks over characters."""
    character_ngrams: tuple[PositiveInt, ...] = ()
    """Lengths, from 2, of the hashed n-grams of tokens that begin and end at each token; empty: no n-grams."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table for n-grams."""
    ngram_dim: PositiveInt = 16
    """Dimension of the n-gram vectors."""
    word_dropout: Rate = 0.05
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1; their characters stay."""
    embedding_dropout: Rate = 0.5
    """Fraction of the elements of the vectors of tokens that is dropped in training, 0 to below 1."""
    dropout: Rate = 0.5
    """Fraction of the features of the last layer that is dropped in training, 0 to below 1."""
    crf: bool = True
    """Whether the last layer is a linear-chain conditional random field (Lafferty et al. 2001), which learns which tags
    follow each other; otherwise it is a softmax for each token."""

    def build(
        self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False, num_characters: int = 0
    ) -> BuiltModel:
        """Build the untrained model.

        Args:
            vocabulary_size: Number of ids of words; 0 is padding, 1 is the out-of-vocabulary token.
            num_classes: Number of tags, 2 or more.
            return_sequences: Whether to return ``sequence_outputs``.
            num_characters: Number of ids of characters; 0: the tokens are characters.

        Returns:
            A functional model, and its layers by role. Its input is ids, int32 (batch, time, 1 + ``word_length``), of
            each token and of its characters; without characters int32 (batch, time). Its output is the scores of the
            tags, float32 (batch, time, tags), or with ``crf`` the potentials of ``LinearChainCRF``.
        """
        import keras

        from kerascnn import layers

        shape = (None, 1 + self.word_length) if num_characters else (None,)
        ids = keras.Input(shape, dtype="int32", name="ids")
        tokens = ids[:, :, 0] if num_characters else ids
        valid = layers.PaddingMask(name="valid")(tokens)
        words = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(tokens)
        parts = [layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(words)]
        if num_characters and self.character_filters:
            characters = layers.WordCharacters(
                input_dim=num_characters, output_dim=self.character_dim, filters=self.character_filters,
                kernel_size=self.character_kernel_size, blocks=self.character_blocks, name="characters",
            )  # fmt: skip
            parts.append(characters(ids[:, :, 1:]))
        if self.character_ngrams:
            parts.append(self._embed_ngrams(tokens))
        x = layers.concatenate(parts, name="tokens")
        x = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(x)
        x = keras.layers.Multiply(name="valid_tokens")([x, valid])
        x = self.add_context(x, valid)
        x = keras.layers.Dropout(self.dropout, name="dropout")(x)
        output = keras.layers.Dense(num_classes, dtype="float32", name=SCORES_LAYER)(x)
        if self.crf:
            output = layers.LinearChainCRF(dtype="float32", name=CRF_LAYER)(output, valid)
        roles = LayerRoles(head=(SCORES_LAYER, *([CRF_LAYER] if self.crf else [])), embeddings=("embedding",))
        return BuiltModel(keras.Model(ids, output, name="tagger"), roles, (x,) if return_sequences else ())

    def add_context(self, inputs: Tensor, valid: Tensor) -> Tensor:
        """Return features of each token that depend on the tokens around it.

        Args:
            inputs: Vectors of the tokens, (batch, time, channels), zeros at padding.
            valid: (batch, time, 1), 1 at tokens and 0 at padding.
        """
        raise NotImplementedError

    def _embed_ngrams(self, tokens: Tensor) -> Any:
        """Return the vectors of the n-grams that begin at each token, and of those that end there."""
        import keras

        from kerascnn import layers

        rows = layers.HashedNGrams(
            sizes=self.character_ngrams, buckets=self.ngram_buckets, vocabulary_size=1, name="ngrams"
        )(tokens)
        vectors = layers.Embedding(
            1 + self.ngram_buckets, self.ngram_dim, embeddings_initializer="zeros", name="ngram_embedding"
        )(rows)
        width = len(self.character_ngrams) * self.ngram_dim
        begin = keras.layers.Reshape((-1, width), name="ngrams_that_begin")(vectors)
        shifted = [
            keras.layers.ZeroPadding1D((n - 1, 0), name=f"shift_{n}")(vectors[:, :, k])[:, : -(n - 1) or None]
            for k, n in enumerate(self.character_ngrams)
        ]
        end = layers.concatenate(shifted, name="ngrams_that_end")
        return keras.layers.Concatenate(name="ngram_features")([begin, end])
