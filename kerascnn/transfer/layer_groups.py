"""Groups of layers, from the tokens up: embedding, encoder, head; and when they learn, and how fast."""

from __future__ import annotations

from collections.abc import Collection

import keras

from kerascnn.config import TransferConfig
from kerascnn.transfer.embedding_vectors import TABLES

GROUPS = ("head", "encoder", "embedding")
"""From the top down."""


def group_name(layer: keras.layers.Layer) -> str:
    """The group of a layer: ``embedding``, the table of tokens; ``head``, the last layer; ``encoder``, all between.

    Over an encoder that was pretrained as a whole, its tokens' table included, more layers than the last one are new:
    their names begin with ``head_``.
    """
    if layer.name in TABLES:
        return "embedding"
    return "head" if layer.name == "logits" or layer.name.startswith("head_") else "encoder"


def freeze_groups(model: keras.Model, groups: Collection[str]) -> list[keras.layers.Layer]:
    """Keep the weights of some groups as they are in training, statistics of batch normalization included.

    Returns:
        The layers that learned until now.
    """
    layers = [layer for layer in model.layers if layer.trainable and group_name(layer) in groups]
    for layer in layers:
        layer.trainable = False
    return layers


def learning_rate_factors(model: keras.Model, factor: float) -> dict[str, float]:
    """The learning rate of each weight as a part of the head's, by the weight's path."""
    return {
        variable.path: factor ** GROUPS.index(group_name(layer))
        for layer in model.layers
        for variable in layer.trainable_variables
    }


class GradualUnfreezing(keras.callbacks.Callback):
    """Freezes groups at the start of a training and lets them learn from some epoch on.

    The optimizer keeps its state: it knows all weights from the start, and updates those that learn.

    Args:
        settings: Which groups, and when.
    """

    def __init__(self, settings: TransferConfig) -> None:
        super().__init__()
        self.settings = settings
        self._layers: list[keras.layers.Layer] = []

    def frozen_groups(self, epoch: int) -> set[str]:
        """The groups that are frozen in an epoch, from 0."""
        waiting = [group for group in GROUPS if group in self.settings.freeze]
        over = epoch // self.settings.frozen_epochs
        if self.settings.unfreeze == "together":
            return set(waiting) if over == 0 else set()
        return set(waiting[over:])

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Freeze and unfreeze as the epoch wants it."""
        before = {group_name(layer) for layer in self._layers}
        now = self.frozen_groups(epoch)
        if now == before:
            return
        for layer in self._layers:
            layer.trainable = True
        self._layers = freeze_groups(self.model.model, now)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Leave the layers as they were."""
        for layer in self._layers:
            layer.trainable = True
