"""``dpcnn``: a pyramid of convolutions that halves the text at each step and keeps its channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("dpcnn")
@dataclass(frozen=True, kw_only=True)
class DeepPyramidCNN(ModelConfig):
    """Deep pyramid CNN: every block costs half of the one before, so the whole costs twice its first block.

    The paper's region embedding reads words, not vectors of words; the vector between them saves memory.
    """

    paper: ClassVar[str] = "Johnson & Zhang 2017, Deep Pyramid Convolutional Neural Networks for Text Categorization"
    good_for: ClassVar[str] = "long documents whose parts belong together; 50,000 rows and more"
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=30_000, min_count=2, max_length=512)
    sequence_layers: ClassVar[str] = r"block_\d+"

    embedding_dim: PositiveInt = 128
    """Length of a word vector."""
    filters: PositiveInt = 250
    """Feature maps of every layer."""
    region_size: PositiveInt = 3
    """Words that the region embedding sees at once."""
    blocks: PositiveInt = 7
    """Blocks of two convolutions; before each but the first the text is halved. 7 are the paper's 15 layers."""
    dropout: Rate = 0.5
    """Part of the pooled features, 0 to below 1, that is dropped in training."""
    word_dropout: Rate = 0.0
    """Part of the words, 0 to below 1, that is made unknown in training."""

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        region = (self.region_size * self.embedding_dim + 1) * self.filters
        blocks = self.blocks * 2 * (3 * self.filters + 1) * self.filters
        return vocabulary_size * self.embedding_dim + region + blocks + (self.filters + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        words = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        words = keras.layers.Multiply(name="words")([words, valid])
        x = keras.layers.Conv1D(self.filters, self.region_size, padding="same", name="region_embedding")(words)
        for number in range(1, self.blocks + 1):
            if number > 1:
                x, valid = layers.MaskedMaxPooling1D(pool_size=3, strides=2, name=f"halve_{number - 1}")(x, valid)
            x = self._block(x, valid, f"block_{number}")
        pooled = layers.MaskedGlobalPooling1D(pooling="max", name="pooling")(x, valid)
        features = keras.layers.Dropout(self.dropout, name="features")(pooled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return keras.Model(ids, logits, name="dpcnn")

    def _block(self, x, valid, name: str):
        """Two convolutions of rectified inputs (pre-activation) and the block's input (section 2.2)."""
        import keras

        shortcut = x
        for half in (1, 2):
            x = keras.layers.Activation("relu", name=f"{name}_activation_{half}")(x)
            x = keras.layers.Multiply(name=f"{name}_valid_{half}")([x, valid])
            x = keras.layers.Conv1D(
                self.filters, 3, padding="same", kernel_initializer="he_normal", name=f"{name}_convolution_{half}"
            )(x)
        return keras.layers.Add(name=name)([shortcut, x])
