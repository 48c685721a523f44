"""What every attribution method returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

TOLERANCE = 0.01
"""Largest error of integrated gradients: the sum of the contributions may differ from the change of the logit by this
fraction of it, or by this value if the change is below 1."""


@dataclass(frozen=True)
class Attribution:
    """The logit of one class of one document as a sum over n-grams."""

    method: str
    """``filters``, ``integrated gradients``, or ``linear`` for a linear classifier alone."""
    logits: np.ndarray
    """Logits of all classes, float64 (classes,)."""
    target: int
    """The class that is explained."""
    bias: float
    """The logit without tokens. The bias and all contributions add up to the logit: except for rounding, or, with
    integrated gradients, to ``TOLERANCE``."""
    spans: list[tuple[int, int]]
    """The n-grams, as the index of the first id and of the id after the last one; (0, 0) is padding that the model adds
    before the text, (length, length) padding after it."""
    contributions: list[float]
    """Contribution of each n-gram to the logit."""


AttributionMethod: TypeAlias = Callable[[Sequence[int], int | None], Attribution]
"""Ids of a document and a class to the attribution; None: the most probable class."""
