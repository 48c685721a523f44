"""``transformer``: a small pre-norm Transformer encoder with pooling over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("transformer")
@dataclass(frozen=True, kw_only=True)
class Transformer(ModelConfig):
    """Small Transformer encoder with pre-normalization; the cost grows with the square of the length."""

    paper: ClassVar[str] = "Vaswani et al. 2017, Attention Is All You Need; Xiong et al. 2020 (pre-norm)"
    good_for: ClassVar[str] = "much data, or weights pretrained elsewhere; a baseline for the convolutions"
    parameter_count: ClassVar[int] = 1_347_202
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=2, max_length=256)
    has_sequence_outputs: ClassVar[bool] = True

    width: PositiveInt = 64
    """Number of channels of the encoder; even, and a multiple of heads."""
    blocks: PositiveInt = 2
    """Number of blocks of attention and feed-forward layers."""
    heads: PositiveInt = 4
    """Number of attention heads per block."""
    hidden_units: PositiveInt = 128
    """Units of the hidden feed-forward layer of each block."""
    pooling: Literal["max", "average", "both"] = "average"
    """Pooling of the outputs over the text; both: maximum and average."""
    dropout: Rate = 0.2
    """Fraction of the outputs of every sublayer and of the features that is dropped in training, 0 to below 1."""
    word_dropout: Rate = 0.0
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``.

        Raises:
            InputError: The width is odd, or not a multiple of the number of heads.
        """
        import keras

        from kerascnn import layers
        from kerascnn.utils.errors import InputError

        if self.width % self.heads or self.width % 2:
            raise InputError(
                f"network.width must be even and a multiple of network.heads; got {self.width}, {self.heads}"
            )
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
        roles = LayerRoles(head=("logits",), embeddings=("embedding",))
        return BuiltModel(keras.Model(ids, logits, name="transformer"), roles, (x,) if return_sequences else ())

    def _block(self, x: Any, valid: Any, name: str) -> Any:
        """Add self-attention and feed-forward layers, each with pre-normalization and a residual connection."""
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
