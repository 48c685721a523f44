"""``bilstm``: word vectors, a character CNN per word, and a bidirectional LSTM; a label for each token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.models import register
from kerascnn.models.tagger import Tagger
from kerascnn.settings import PositiveInt

if TYPE_CHECKING:
    from kerascnn.layers.types import Tensor


@register("bilstm")
@dataclass(frozen=True, kw_only=True)
class BidirectionalLSTM(Tagger):
    """Tagger with a bidirectional LSTM, to compare with ``id_cnn``; slower."""

    paper: ClassVar[str] = "Ma & Hovy 2016"
    good_for: ClassVar[str] = "a label for each word; a baseline for id_cnn"
    parameter_count: ClassVar[int] = 2_295_736

    units: PositiveInt = 100
    """Size of the state in each direction."""
    rnn_layers: PositiveInt = 1
    """Number of stacked bidirectional layers."""

    def add_context(self, inputs: Tensor, valid: Tensor) -> Tensor:
        """Return the states in both directions, see ``Tagger.add_context``."""
        import keras

        mask = keras.layers.Reshape((-1,), name="mask")(valid) > 0
        for number in range(1, self.rnn_layers + 1):
            lstm = keras.layers.LSTM(self.units, return_sequences=True)
            inputs = keras.layers.Bidirectional(lstm, name=f"recurrent_{number}")(inputs, mask=mask)
        return inputs
