"""A last layer whose groups of features each learn to answer alone."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class EnsembleHead(keras.layers.Dense):
    """A dense layer over several groups of features that is the mean of one dense layer for each group.

    Called, it is ``keras.layers.Dense``: features @ kernel + bias. In training each member gets a loss of its own
    (``members``), and groups that learn apart are an ensemble, whose mean answers better than one classifier over all
    groups: trained together, the group that learns by heart first leaves the others nothing to explain, and they stop
    learning (Wang, Tran & Feiszli 2020, What Makes Training Multi-modal Classification Networks Hard?).

    Args:
        units: Number of classes.
        parts: Channels of each group, in the order of the features.

    Returns of a call:
        Logits (batch, units) for features (batch, sum of parts).
    """

    def __init__(self, units: int, *, parts: list[int], **kwargs):
        super().__init__(units, **kwargs)
        self.parts = list(parts)

    def members(self, features):
        """The logits of each member, a list of (batch, units) whose mean is what a call gives."""
        if len(self.parts) == 1:
            return [self(features)]
        features, count = ops.cast(features, self.compute_dtype), len(self.parts)
        answers, start = [], 0
        for size in self.parts:
            part, kernel = features[:, start : start + size], self.kernel[start : start + size]
            answers.append(count * ops.matmul(part, kernel) + self.bias)
            start += size
        return answers

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "parts": self.parts}
