"""``rnn``: a bidirectional LSTM or GRU, its states pooled over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras


@register("rnn")
@dataclass(frozen=True, kw_only=True)
class RecurrentNetwork(ModelConfig):
    """Bidirectional recurrent network with pooling over time: reads in order, so it trains slowly on long texts."""

    paper: ClassVar[str] = "Hochreiter & Schmidhuber 1997 (LSTM), Cho et al. 2014 (GRU); Conneau et al. 2017 (pooling)"
    good_for: ClassVar[str] = "sentences whose word order matters; a yardstick for the convolutions"
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=2, max_length=256)
    sequence_layers: ClassVar[str] = r"recurrent_\d+"

    cell: Literal["gru", "lstm"] = "gru"
    """Kind of recurrent cell."""
    embedding_dim: PositiveInt = 64
    """Length of a word vector."""
    units: PositiveInt = 64
    """Size of the state, each direction."""
    rnn_layers: PositiveInt = 1
    """Bidirectional layers, one above the other."""
    pooling: Literal["max", "average", "both"] = "max"
    """How the states become one vector."""
    dropout: Rate = 0.5
    """Part of the pooled features, 0 to below 1, that is dropped in training."""
    embedding_dropout: Rate = 0.2
    """Part of the word vectors' numbers, 0 to below 1, that is dropped in training."""
    word_dropout: Rate = 0.0
    """Part of the words, 0 to below 1, that is made unknown in training."""

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``."""
        total, channels = vocabulary_size * self.embedding_dim, self.embedding_dim
        gates, biases = {"gru": (3, 2), "lstm": (4, 1)}[self.cell]
        for _ in range(self.rnn_layers):
            total += 2 * gates * self.units * (channels + self.units + biases)
            channels = 2 * self.units
        features = channels * (2 if self.pooling == "both" else 1)
        return total + (features + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model, see ``ModelConfig.build``."""
        import keras

        from kerascnn import layers

        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        # A state passes through padding unchanged, so the reading from the end starts at the last word.
        mask = keras.layers.Reshape((-1,), name="mask")(valid)
        mask = mask > 0
        x = layers.Embedding(vocabulary_size, self.embedding_dim, name="embedding")(tokens)
        x = keras.layers.Dropout(self.embedding_dropout, name="embedding_dropout")(x)
        cell = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[self.cell]
        for number in range(1, self.rnn_layers + 1):
            recurrent = keras.layers.Bidirectional(cell(self.units, return_sequences=True), name=f"recurrent_{number}")
            x = recurrent(x, mask=mask)
        pooled = layers.MaskedGlobalPooling1D(pooling=self.pooling, name="pooling")(x, valid)
        features = keras.layers.Dropout(self.dropout, name="features")(pooled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return keras.Model(ids, logits, name="rnn")
