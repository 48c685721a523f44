"""``rnn``: a bidirectional LSTM or GRU with pooling over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("rnn")
@dataclass(frozen=True, kw_only=True)
class RecurrentNetwork(ModelConfig):
    """Bidirectional recurrent network with pooling over time; slow to train on long texts."""

    paper: ClassVar[str] = "Hochreiter & Schmidhuber 1997 (LSTM), Cho et al. 2014 (GRU); Conneau et al. 2017 (pooling)"
    good_for: ClassVar[str] = "sentences in which word order matters; a baseline for the convolutions"
    parameter_count: ClassVar[int] = 1_330_178
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=2, max_length=256)
    has_sequence_outputs: ClassVar[bool] = True

    cell: Literal["gru", "lstm"] = "gru"
    """Type of the recurrent cell."""
    embedding_dim: PositiveInt = 64
    """Dimension of the word vectors."""
    units: PositiveInt = 64
    """Size of the state in each direction."""
    rnn_layers: PositiveInt = 1
    """Number of stacked bidirectional layers."""
    pooling: Literal["max", "average", "both"] = "max"
    """Pooling of the states over the text; both: maximum and average."""
    dropout: Rate = 0.5
    """Fraction of the pooled features that is dropped in training, 0 to below 1."""
    embedding_dropout: Rate = 0.2
    """Fraction of the elements of the word vectors that is dropped in training, 0 to below 1."""
    word_dropout: Rate = 0.0
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1."""

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        # With a mask the state is copied at padding, so that the backward direction starts at the last word.
        mask = keras.layers.Reshape((-1,), name="mask")(valid)
        mask = mask > 0
        x = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        x = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(x)
        cell = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[self.cell]
        sequence_outputs = []
        for number in range(1, self.rnn_layers + 1):
            recurrent = keras.layers.Bidirectional(cell(self.units, return_sequences=True), name=f"recurrent_{number}")
            x = recurrent(x, mask=mask)
            sequence_outputs.append(x)
        pooled = layers.MaskedGlobalPooling1D(pooling=self.pooling, name="pooling")(x, valid)
        features = keras.layers.Dropout(self.dropout, name="features")(pooled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        roles = LayerRoles(head=("logits",), embeddings=("embedding",))
        return BuiltModel(
            keras.Model(ids, logits, name="rnn"), roles, tuple(sequence_outputs) if return_sequences else ()
        )
