"""Settings of the group ``masking``: how a network is pretrained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import annotated_types

from kerascnn.settings import Settings


@dataclass(frozen=True, kw_only=True)
class MaskingConfig(Settings):
    """Pretraining by masked token prediction (Devlin et al. 2019)."""

    rate: Annotated[float, annotated_types.Interval(gt=0, lt=1)] = 0.15
    """Fraction of the known tokens of a document to mask."""
    negative_samples: Annotated[int, annotated_types.Ge(0)] = 1000
    """Number of random tokens that the masked tokens of a batch are contrasted with; 0, or at least the size of the
    vocabulary: all tokens."""
