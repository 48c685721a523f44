"""``transformer``: a small pre-norm encoder whose outputs are pooled over the tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("transformer")
@dataclass(frozen=True, kw_only=True)
class Transformer(ModelConfig):
    """Small Transformer encoder, normalized before each sublayer; its cost grows with the square of the length."""

    paper: ClassVar[str] = "Vaswani et al. 2017, Attention Is All You Need; Xiong et al. 2020 (pre-norm)"
    good_for: ClassVar[str] = "much data, or weights pretrained elsewhere; a yardstick for the convolutions"
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=2, max_length=256)
    sequence_layers: ClassVar[str] = r"normalization"

    width: PositiveInt = 64
    """Channels of the whole encoder; even, and a multiple of heads."""
    blocks: PositiveInt = 2
    """Blocks of attention and feed-forward layers."""
    heads: PositiveInt = 4
    """Attention heads of a block."""
    hidden_units: PositiveInt = 128
    """Units of a block's feed-forward layer."""
    pooling: Literal["max", "average", "both"] = "average"
    """How the tokens' outputs become one vector."""
    dropout: Rate = 0.2
    """Part, 0 to below 1, of each sublayer's output and of the features that is dropped in training."""
    word_dropout: Rate = 0.0
    """Part of the words, 0 to below 1, that is made unknown in training."""

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        attention, normalizations = 4 * self.width * (self.width + 1), 2 * 2 * self.width
        feed_forward = (self.width + 1) * self.hidden_units + (self.hidden_units + 1) * self.width
        blocks = self.blocks * (attention + normalizations + feed_forward)
        features = self.width * (2 if self.pooling == "both" else 1)
        return vocabulary_size * self.width + blocks + 2 * self.width + (features + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model, see ``ModelConfig.build``.

        Raises:
            InputError: The width does not go into the heads, or is odd.
        """
        import keras

        from kerascnn import layers
        from kerascnn.utils.errors import InputError

        if self.width % self.heads or self.width % 2:
            raise InputError(f"network.width is even and a multiple of network.heads; got {self.width}, {self.heads}")
        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        x = layers.Embedding(vocabulary_size, self.width, name="embedding")(tokens)
        x = layers.SinusoidalPositionEncoding(name="position")(x)
        x = keras.layers.Dropout(self.dropout, name="embedding_dropout")(x)
        for number in range(1, self.blocks + 1):
            x = self._block(x, valid, f"block_{number}")
        x = keras.layers.LayerNormalization(epsilon=1e-5, name="normalization")(x)
        pooled = layers.MaskedGlobalPooling1D(pooling=self.pooling, name="pooling")(x, valid)
        features = keras.layers.Dropout(self.dropout, name="features")(pooled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return keras.Model(ids, logits, name="transformer")

    def _block(self, x, valid, name: str):
        """Attention and a feed-forward layer, each normalized before and added to what it read."""
        import keras

        attention = keras.layers.MultiHeadAttention(
            self.heads, self.width // self.heads, flash_attention=False, name=f"{name}_attention"
        )
        normal = keras.layers.LayerNormalization(epsilon=1e-5, name=f"{name}_attention_normalization")(x)
        keys = keras.layers.Permute((2, 1), name=f"{name}_keys")(valid)
        seen = attention(normal, normal, attention_mask=keys > 0)
        x = keras.layers.Add(name=f"{name}_attended")([x, keras.layers.Dropout(self.dropout)(seen)])
        hidden = keras.layers.LayerNormalization(epsilon=1e-5, name=f"{name}_hidden_normalization")(x)
        hidden = keras.layers.Dense(self.hidden_units, activation="gelu", name=f"{name}_hidden")(hidden)
        hidden = keras.layers.Dense(self.width, name=f"{name}_output")(hidden)
        return keras.layers.Add(name=name)([x, keras.layers.Dropout(self.dropout)(hidden)])
