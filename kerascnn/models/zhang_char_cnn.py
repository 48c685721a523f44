"""``zhang_char_cnn``: six convolutions over one-hot characters and two dense layers, as published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("zhang_char_cnn")
@dataclass(frozen=True, kw_only=True)
class ZhangCharCNN(ModelConfig):
    """Character CNN of Zhang, Zhao & LeCun: one-hot characters, texts of a fixed length; needs millions of rows.

    The defaults are the small model of the paper; ``pipelines/configs/zhang2015_large.yaml`` is the large one. In place
    of the alphabet of 70 characters it uses the 70 most frequent characters of the training rows, in any script.
    """

    paper: ClassVar[str] = "Zhang, Zhao & LeCun 2015, Character-level Convolutional Networks for Text Classification"
    good_for: ClassVar[str] = "a baseline from the literature; very large data sets of noisy text"
    parameter_count: ClassVar[int] = 11_337_730
    text: ClassVar[TextConfig] = TextConfig(level="character", max_tokens=72, min_count=1, max_length=1014)

    length: PositiveInt = 1014
    """Length that every text is truncated or padded to, in characters, 123 or more."""
    filters: PositiveInt = 256
    """Number of filters of each convolution; 1024 in the large model."""
    hidden_units: PositiveInt = 1024
    """Units of each of the two dense layers; 2048 in the large model."""
    initial_stddev: float = 0.05
    """Standard deviation of the initial weights; 0.02 in the large model."""
    dropout: Rate = 0.5
    """Fraction of the inputs of the last two dense layers that is dropped in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``.

        Raises:
            InputError: The length is below 123, so that no position is left after the last pooling.
        """
        import keras

        from kerascnn import layers
        from kerascnn.utils.errors import InputError

        if self.length < 123:
            raise InputError(f"network.length must be 123 or more, so that a position is left; got {self.length}")
        normal = keras.initializers.RandomNormal(stddev=self.initial_stddev)
        ids = keras.Input((None,), dtype="int32", name="ids")
        fixed = layers.FixedLength(length=self.length, backwards=True, name="quantized")(ids)
        x = layers.OneHot(vocabulary_size=vocabulary_size, name="one_hot")(fixed)
        for number, (kernel_size, pool) in enumerate([(7, 1), (7, 1), (3, 0), (3, 0), (3, 0), (3, 1)], 1):
            x = keras.layers.Conv1D(
                self.filters, kernel_size, activation="relu", kernel_initializer=normal, name=f"convolution_{number}"
            )(x)
            if pool:
                x = keras.layers.MaxPooling1D(3, name=f"pooling_{number}")(x)
        x = keras.layers.Flatten(name="flat")(x)
        for number in (1, 2):
            x = keras.layers.Dense(
                self.hidden_units, activation="relu", kernel_initializer=normal, name=f"hidden_{number}"
            )(x)
            x = keras.layers.Dropout(self.dropout, name="features" if number == 2 else "hidden_dropout")(x)
        logits = keras.layers.Dense(num_classes, kernel_initializer=normal, dtype="float32", name="logits")(x)
        return BuiltModel(keras.Model(ids, logits, name="zhang_char_cnn"), LayerRoles(head=("logits",)))
