"""``dpcnn``: a pyramid of convolutions that halves the length at each block and keeps the number of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("dpcnn")
@dataclass(frozen=True, kw_only=True)
class DeepPyramidCNN(ModelConfig):
    """Deep pyramid CNN: every block costs half of the previous one, so that the model costs twice its first block.

    The region embedding of the paper has one-hot words as its input; word vectors need less memory.
    """

    paper: ClassVar[str] = "Johnson & Zhang 2017, Deep Pyramid Convolutional Neural Networks for Text Categorization"
    good_for: ClassVar[str] = "long documents with dependencies between distant parts; 50,000 rows and more"
    parameter_count: ClassVar[int] = 5_285_252
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=30_000, min_count=2, max_length=512)
    has_sequence_outputs: ClassVar[bool] = True

    embedding_dim: PositiveInt = 128
    """Dimension of the word vectors."""
    filters: PositiveInt = 250
    """Number of filters of every convolution."""
    region_size: PositiveInt = 3
    """Width of the region embedding, in words."""
    blocks: PositiveInt = 7
    """Number of blocks of two convolutions; all but the first halve the length. The paper has 7 blocks (15 layers)."""
    dropout: Rate = 0.5
    """Fraction of the pooled features that is dropped in training, 0 to below 1."""
    word_dropout: Rate = 0.0
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        words = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        words = keras.layers.Multiply(name="words")([words, valid])
        x = keras.layers.Conv1D(self.filters, self.region_size, padding="same", name="region_embedding")(words)
        sequence_outputs = []
        for number in range(1, self.blocks + 1):
            if number > 1:
                x, valid = layers.MaskedMaxPooling1D(pool_size=3, strides=2, name=f"halve_{number - 1}")(x, valid)
            x = self._block(x, valid, f"block_{number}")
            sequence_outputs.append(x)
        pooled = layers.MaskedGlobalPooling1D(pooling="max", name="pooling")(x, valid)
        features = keras.layers.Dropout(self.dropout, name="features")(pooled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        roles = LayerRoles(head=("logits",), embeddings=("embedding",))
        return BuiltModel(
            keras.Model(ids, logits, name="dpcnn"), roles, tuple(sequence_outputs) if return_sequences else ()
        )

    def _block(self, x: Any, valid: Any, name: str) -> Any:
        """Add two convolutions with pre-activation and a residual connection (section 2.2)."""
        import keras

        shortcut = x
        for half in (1, 2):
            x = keras.layers.Activation("relu", name=f"{name}_activation_{half}")(x)
            x = keras.layers.Multiply(name=f"{name}_valid_{half}")([x, valid])
            x = keras.layers.Conv1D(
                self.filters, 3, padding="same", kernel_initializer="he_normal", name=f"{name}_convolution_{half}"
            )(x)
        return keras.layers.Add(name=name)([shortcut, x])
