"""``vdcnn``: up to 49 layers of small convolutions over characters, as published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt
from kerascnn.text.config import TextConfig

BLOCKS = {9: (1, 1, 1, 1), 17: (2, 2, 2, 2), 29: (5, 5, 2, 2), 49: (8, 8, 5, 3)}
"""Number of blocks with 64, 128, 256 and 512 filters at each depth (Conneau et al. 2016, table 2)."""
MOMENTUM = 0.9
"""Momentum of batch normalization, as in Torch (used by the paper); the Keras default needs more training steps."""


@register("vdcnn")
@dataclass(frozen=True, kw_only=True)
class VeryDeepCNN(ModelConfig):
    """Very deep character CNN: blocks of two convolutions of size 3; the channels double where the length is halved.

    The convolutions have 1.58M, 3.66M, 4.03M and 7.15M weights at depth 9, 17, 29 and 49; table 2 of the paper lists
    2.2M, 4.3M, 4.6M and 7.8M. Each is about 0.6M more than the sum over the layers that the paper describes; the 1x1
    convolutions of the shortcuts account for 0.17M of the difference.
    """

    paper: ClassVar[str] = "Conneau et al. 2016, Very Deep Convolutional Networks for Text Classification"
    good_for: ClassVar[str] = "a baseline from the literature; hundreds of thousands of rows and more"
    parameter_count: ClassVar[int] = 14_172_098
    text: ClassVar[TextConfig] = TextConfig(level="character", max_tokens=72, min_count=1, max_length=1024)

    depth: Literal[9, 17, 29, 49] = 9
    """Number of convolutional layers."""
    pooling: Literal["max", "convolution", "kmax"] = "max"
    """How the length is halved: max pooling of size 3 with stride 2, a convolution with stride 2, or k-max pooling of
    half the positions."""
    shortcuts: bool = False
    """Add a residual connection to each block."""
    length: PositiveInt = 1024
    """Length that every text is truncated or padded to, in characters, 64 or more."""
    embedding_dim: PositiveInt = 16
    """Dimension of the character vectors."""
    hidden_units: PositiveInt = 2048
    """Units of each of the two dense layers."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``.

        Raises:
            InputError: The length is below 64, so that fewer than 8 positions are left for the last pooling.
        """
        import keras

        from kerascnn import layers
        from kerascnn.utils.errors import InputError

        if self.length < 64:
            raise InputError(f"network.length must be 64 or more, so that 8 positions are left; got {self.length}")
        ids = keras.Input((None,), dtype="int32", name="ids")
        fixed = layers.FixedLength(length=self.length, name="fixed_length")(ids)
        x = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(fixed)
        x = keras.layers.Conv1D(64, 3, padding="same", kernel_initializer="he_normal", name="first_convolution")(x)
        for level, blocks in enumerate(BLOCKS[self.depth]):
            filters = 64 * 2**level
            for number in range(1, blocks + 1):
                halve = level > 0 and number == 1
                x = self._block(x, filters, halve, f"block_{filters}_{number}")
        x = layers.KMaxPooling1D(k=8, name="pooling")(x)
        x = keras.layers.Flatten(name="flat")(x)
        x = keras.layers.Dense(self.hidden_units, activation="relu", name="hidden_1")(x)
        x = keras.layers.Dense(self.hidden_units, activation="relu", name="features")(x)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(x)
        roles = LayerRoles(head=("logits",), embeddings=("embedding",))
        return BuiltModel(keras.Model(ids, logits, name="vdcnn"), roles)

    def _block(self, x: Any, filters: int, halve: bool, name: str) -> Any:
        """Halve the length if requested, and add two convolutions with batch normalization and ReLU (figure 2)."""
        import keras

        strides = 2 if halve and self.pooling == "convolution" else 1
        if halve and strides == 1:
            x = self._halve(x, f"{name}_pooling")
        shortcut = x
        for half in (1, 2):
            x = keras.layers.Conv1D(
                filters,
                3,
                strides=strides if half == 1 else 1,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=f"{name}_convolution_{half}",
            )(x)
            x = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_normalization_{half}")(x)
            if half == 1 or not self.shortcuts:
                x = keras.layers.Activation("relu", name=f"{name}_activation_{half}")(x)
        if not self.shortcuts:
            return x
        if shortcut.shape[-1] != filters:
            shortcut = keras.layers.Conv1D(filters, 1, strides=strides, use_bias=False, name=f"{name}_shortcut")(
                shortcut
            )
            shortcut = keras.layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_shortcut_normalization")(
                shortcut
            )
        return keras.layers.Activation("relu", name=name)(keras.layers.Add(name=f"{name}_sum")([x, shortcut]))

    def _halve(self, x: Any, name: str) -> Any:
        import keras

        from kerascnn import layers

        if self.pooling == "kmax":
            return layers.KMaxPooling1D(k=x.shape[1] // 2, name=name)(x)
        return keras.layers.MaxPooling1D(3, strides=2, padding="same", name=name)(x)
