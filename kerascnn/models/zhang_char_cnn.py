"""``zhang_char_cnn``: six convolutions over one-hot characters and two dense layers, as published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("zhang_char_cnn")
@dataclass(frozen=True, kw_only=True)
class ZhangCharCNN(ModelConfig):
    """Character CNN of Zhang, Zhao & LeCun: no embedding, every text at one length; made for millions of rows.

    The defaults are the paper's small network; ``pipelines/configs/zhang2015_large.yaml`` is the large one. Its
    alphabet of 70 characters is here the 70 most frequent ones of the training rows, whatever their script.
    """

    paper: ClassVar[str] = "Zhang, Zhao & LeCun 2015, Character-level Convolutional Networks for Text Classification"
    good_for: ClassVar[str] = "a yardstick from the literature; very large data sets of noisy text"
    text: ClassVar[TextConfig] = TextConfig(level="character", max_tokens=72, min_count=1, max_length=1014)

    length: PositiveInt = 1014
    """Characters that every text is cut or padded to, 123 or more."""
    filters: PositiveInt = 256
    """Feature maps of each convolution; 1024 in the large network."""
    hidden_units: PositiveInt = 1024
    """Units of each of the two dense layers; 2048 in the large network."""
    initial_deviation: float = 0.05
    """Standard deviation of the first weights; 0.02 in the large network."""
    dropout: Rate = 0.5
    """Part of the input of each dense layer but the first, 0 to below 1, that is dropped in training."""

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        characters, filters, units = vocabulary_size - 2, self.filters, self.hidden_units
        convolutions = (7 * characters + 1) * filters + (7 * filters + 1) * filters + 4 * (3 * filters + 1) * filters
        positions = (self.length - 96) // 27  # section 2.3
        dense = (positions * filters + 1) * units + (units + 1) * units + (units + 1) * num_classes
        return convolutions + dense

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model, see ``ModelConfig.build``.

        Raises:
            InputError: The length leaves no position after the last pooling.
        """
        import keras

        from kerascnn import layers
        from kerascnn.utils.errors import InputError

        if self.length < 123:
            raise InputError(f"network.length is 123 or more, so that a position is left; got {self.length}")
        normal = keras.initializers.RandomNormal(stddev=self.initial_deviation)
        ids = keras.Input((None,), dtype="int32", name="ids")
        fixed = layers.FixedLength(length=self.length, backwards=True, name="quantized")(ids)
        x = layers.OneHot(vocabulary_size=vocabulary_size, name="one_hot")(fixed)
        for number, (kernel_size, pooled) in enumerate([(7, 1), (7, 1), (3, 0), (3, 0), (3, 0), (3, 1)], 1):
            x = keras.layers.Conv1D(
                self.filters, kernel_size, activation="relu", kernel_initializer=normal, name=f"convolution_{number}"
            )(x)
            if pooled:
                x = keras.layers.MaxPooling1D(3, name=f"pooling_{number}")(x)
        x = keras.layers.Flatten(name="flat")(x)
        for number in (1, 2):
            x = keras.layers.Dense(
                self.hidden_units, activation="relu", kernel_initializer=normal, name=f"hidden_{number}"
            )(x)
            x = keras.layers.Dropout(self.dropout, name="features" if number == 2 else "hidden_dropout")(x)
        logits = keras.layers.Dense(num_classes, kernel_initializer=normal, dtype="float32", name="logits")(x)
        return keras.Model(ids, logits, name="zhang_char_cnn")
