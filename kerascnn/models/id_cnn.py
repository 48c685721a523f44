"""``id_cnn``: word vectors, a character CNN per word, and dilated convolutions; a label for each token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.models import register
from kerascnn.models.tagger import Tagger
from kerascnn.settings import PositiveInt, Rate

if TYPE_CHECKING:
    from kerascnn.layers.types import Tensor


@register("id_cnn")
@dataclass(frozen=True, kw_only=True)
class DilatedCNN(Tagger):
    """Tagger with residual gated dilated convolutions, which see wide context at the cost of few layers."""

    paper: ClassVar[str] = "Strubell et al. 2017 (dilated convolutions); dos Santos & Zadrozny 2014 (characters)"
    good_for: ClassVar[str] = "a label for each word: parts of speech, entities"
    parameter_count: ClassVar[int] = 2_595_976

    filters: PositiveInt = 160
    """Number of channels of every block."""
    kernel_size: PositiveInt = 3
    """Width of the convolutions, in tokens."""
    dilations: tuple[PositiveInt, ...] = (1, 2, 4)
    """Distance between the tokens that each block sees, one number per block."""
    block_dropout: Rate = 0.15
    """Fraction of the inputs of the convolutions, except the first, that is dropped in training, 0 to below 1."""

    def add_context(self, inputs: Tensor, valid: Tensor) -> Tensor:
        """Return the output of the last block, see ``Tagger.add_context``."""
        from kerascnn import layers

        for number, dilation in enumerate(self.dilations, 1):
            inputs = layers.ResidualGatedBlock(
                filters=self.filters, kernel_size=self.kernel_size, dilation_rate=dilation,
                dropout=self.block_dropout if number > 1 else 0.0, name=f"block_{number}",
            )(inputs, valid)  # fmt: skip
        return inputs
