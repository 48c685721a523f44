"""``hub_cnn``: the convolutions of ``word_cnn`` over a pretrained encoder instead of word vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.models.hub_model import ENCODER, HubModelConfig
from kerascnn.settings import PositiveInt, Rate


@register("hub_cnn")
@dataclass(frozen=True, kw_only=True)
class HubCNN(HubModelConfig):
    """Convolutions (Kim 2014) over the outputs of a pretrained keras-hub encoder, one vector per piece of a word.

    The encoder determines the text settings, except for ``max_length`` and the steps before the tokenizer: ``html``,
    ``width``, ``normalize``. ``max_tokens`` and ``min_count`` have no effect: the whole vocabulary is used.
    """

    paper: ClassVar[str] = "Devlin et al. 2019, BERT; Kim 2014"
    good_for: ClassVar[str] = "up to a few thousand labels: convolutions over a pretrained encoder"
    parameter_count: ClassVar[int] = 296_066

    kernel_sizes: tuple[PositiveInt, ...] = (1, 2, 3)
    """Widths of the convolutions, in tokens, one number per convolution."""
    filters: PositiveInt = 128
    """Number of filters of each convolution."""
    pooling: Literal["max", "average", "both"] = "max"
    """Pooling of each filter over the text; both: maximum and average."""
    dropout: Rate = 0.5
    """Fraction of the features of the convolutions that is dropped in training, 0 to below 1."""
    encoder_dropout: Rate = 0.1
    """Fraction of the outputs of the encoder that is dropped in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the model with the pretrained encoder, see ``ModelConfig.build`` and ``encode_text``."""
        import keras

        from kerascnn import layers

        text = self.encode_text()
        x = keras.layers.Dropout(self.encoder_dropout, name="encoder_dropout")(text.vectors)
        x = keras.layers.Multiply(name="vectors")([x, text.valid])
        branches = layers.convolution_branches(
            x, text.valid, kernel_sizes=self.kernel_sizes, filters=self.filters, pooling=self.pooling
        )
        features = keras.layers.Dropout(self.dropout, name="features")(branches.output)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        # Explanations name the pooled positions, although each output of the encoder depends on the whole text.
        roles = LayerRoles(head=(*branches.convolutions, "logits"), pooling=branches.pooling, token_vectors=(ENCODER,))
        return BuiltModel(keras.Model(text.ids, logits, name="hub_cnn"), roles)
