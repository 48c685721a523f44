"""Groups of layers for transfer learning: freeze them, unfreeze them gradually, give each its own learning rate."""

from __future__ import annotations

from collections.abc import Collection

import keras

from kerascnn.config import TransferConfig
from kerascnn.transfer.embedding_vectors import TABLES

GROUPS = ("head", "encoder", "embedding")
"""From the output of the model to its input."""


def group_name(layer: keras.layers.Layer) -> str:
    """Return the group of a layer: ``embedding``, ``head`` (the last layer) or ``encoder`` (all layers between).

    A pretrained encoder includes its embedding. All layers after it are the head; their names start with ``head_``.
    """
    if layer.name in TABLES:
        return "embedding"
    return "head" if layer.name == "logits" or layer.name.startswith("head_") else "encoder"


def freeze_groups(model: keras.Model, groups: Collection[str]) -> list[keras.layers.Layer]:
    """Make the layers of some groups not trainable; batch normalization keeps its statistics too.

    Returns:
        The layers that were trainable before.
    """
    layers = [layer for layer in model.layers if layer.trainable and group_name(layer) in groups]
    for layer in layers:
        layer.trainable = False
    return layers


def learning_rate_factors(model: keras.Model, decay: float) -> dict[str, float]:
    """Return the factor of the learning rate of each trainable variable, by path: 1 in the head, decayed below.

    Args:
        model: Model with trainable variables.
        decay: Factor from one group to the group below it, see ``GROUPS``.
    """
    return {
        variable.path: decay ** GROUPS.index(group_name(layer))
        for layer in model.layers
        for variable in layer.trainable_variables
    }


class GradualUnfreezing(keras.callbacks.Callback):
    """Freezes groups of layers at the start of training and unfreezes them later (Howard & Ruder 2018, section 3.3).

    The optimizer keeps its state: it is built for all variables and updates those that are trainable.

    Args:
        settings: ``freeze``, ``frozen_epochs`` and ``unfreeze``.
    """

    def __init__(self, settings: TransferConfig) -> None:
        super().__init__()
        self.settings = settings
        self._frozen_layers: list[keras.layers.Layer] = []

    def frozen_groups(self, epoch: int) -> set[str]:
        """Return the groups that are frozen in an epoch, counted from 0."""
        groups = [group for group in GROUPS if group in self.settings.freeze]
        stage = epoch // self.settings.frozen_epochs
        if self.settings.unfreeze == "together":
            return set(groups) if stage == 0 else set()
        return set(groups[stage:])

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Freeze the groups of this epoch and unfreeze the others."""
        before = {group_name(layer) for layer in self._frozen_layers}
        groups = self.frozen_groups(epoch)
        if groups == before:
            return
        self._unfreeze()
        self._frozen_layers = freeze_groups(self.model.model, groups)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Unfreeze all layers that this callback froze."""
        self._unfreeze()

    def _unfreeze(self) -> None:
        for layer in self._frozen_layers:
            layer.trainable = True
