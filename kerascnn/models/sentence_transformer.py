"""``sentence_transformer``: one vector per text, the mean of a pretrained encoder's outputs, and a linear head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerascnn.encoders.preset_sources import find_preset
from kerascnn.models import register
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.models.hub_model import ENCODER, HubModelConfig
from kerascnn.settings import Rate
from kerascnn.text.config import TextConfig


@register("sentence_transformer")
@dataclass(frozen=True, kw_only=True)
class SentenceTransformer(HubModelConfig):
    """The mean of the outputs of a pretrained keras-hub encoder, with an L2 norm of 1, and a dense head.

    If the preset is a folder of sentence-transformers with CLS pooling, as BGE, the vector is that of the first token.

    The encoder determines the text settings, except for ``max_length`` and the steps before the tokenizer: ``html``,
    ``width``, ``normalize``. ``max_tokens`` and ``min_count`` have no effect: the whole vocabulary is used.
    """

    paper: ClassVar[str] = "Reimers & Gurevych 2019, Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks"
    good_for: ClassVar[str] = "few labels, from a few dozen on: a linear head on the sentence vectors of an encoder"
    parameter_count: ClassVar[int] = 22_566_146
    has_sentence_vector: ClassVar[bool] = True
    learning_rate: ClassVar[float] = 1e-4
    text: ClassVar[TextConfig] = TextConfig(level="word", split="wordpiece", standardize=("html",), max_length=254)

    fine_tune: bool = True
    """Train the encoder, too; otherwise only the head is solved, which takes seconds."""
    dropout: Rate = 0.1
    """Fraction of the components of the sentence vector that is dropped in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the model with the pretrained encoder, see ``ModelConfig.build`` and ``encode_text``."""
        import keras

        from kerascnn import layers
        from kerascnn.encoders import hub_presets

        text = self.encode_text()
        # in float32: a half-precision sum over a text and a half-precision norm would lose digits
        if hub_presets.read_pooling(find_preset(self.preset)) == "first":
            pooled = text.vectors[:, 0]
        else:
            mean = layers.MaskedGlobalPooling1D(pooling="average", dtype="float32", name="mean")
            pooled = mean(text.vectors, text.valid)
        vector = keras.layers.UnitNormalization(dtype="float32", name="sentence_vector")(pooled)
        # With a norm of 1, the logits would grow too slowly: Adam moves every weight by about the learning rate.
        scaled = keras.layers.Rescaling(vector.shape[-1] ** 0.5, dtype="float32", name="scaled_vector")(vector)
        features = keras.layers.Dropout(self.dropout, dtype="float32", name="features")(scaled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        roles = LayerRoles(head=("logits",), token_vectors=(ENCODER,), sentence_vector=("sentence_vector",))
        return BuiltModel(keras.Model(text.ids, logits, name="sentence_transformer"), roles)
