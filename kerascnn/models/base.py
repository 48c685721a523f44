"""What every model is: a frozen dataclass of its sizes that can build itself.

Nothing here imports Keras, so that settings, help texts and lists of models cost no start-up time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.settings import Settings
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras

    from kerascnn.text.vectorizer import Vectorizer


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """The sizes of a model. Subclasses are frozen dataclasses too, registered under a name."""

    paper: ClassVar[str]
    """Where the architecture comes from."""
    good_for: ClassVar[str]
    """One line for ``--list-models``."""
    text: ClassVar[TextConfig] = TextConfig()
    """The text settings that this model starts from."""
    sequence_layers: ClassVar[str] = ""
    """Pattern of the names of the layers that tell what stands where, (batch, time, channels), the finest first; empty:
    the model cannot be pretrained on tokens."""

    @property
    def pooling_layers(self) -> str:
        """Pattern of the names of the pooling layers (``MaskedGlobalPooling1D``) that explain the logits.

        The logits are linear in their outputs together, and what they pool are vectors of tokens or n-grams, or
        convolutions over these. Empty: it is no such network, and integrated gradients explain it.
        """
        return ""

    @property
    def parallel_branches(self) -> int:
        """How many of its costly operations wait for none of the others, 1 or more."""
        return 1

    def vectorizer(self, settings: TextConfig) -> Vectorizer | None:
        """The vectorizer that the model was pretrained with; None: one is made from the training texts.

        Args:
            settings: How text becomes ids, as far as the pretraining leaves that open.
        """
        return None

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """Number of trainable weights of the model that ``build`` gives for the same arguments, without building it."""
        raise NotImplementedError

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the untrained model.

        Args:
            vocabulary_size: Number of ids; 0 is padding, 1 is the unknown token.
            num_classes: Number of classes, 2 or more.

        Returns:
            A functional model ``ids (batch, length) int32 -> logits (batch, classes) float32`` of stock layers and
            ``keras.ops`` whose answer does not depend on how far a document is padded with 0. The layer named
            ``features`` gives what stands under the last dense layer, which is named ``logits``.
        """
        raise NotImplementedError
