"""Groups of layers for transfer learning: freeze them, unfreeze them gradually, give each its own learning rate."""

from __future__ import annotations

from collections.abc import Collection

import keras

from kerascnn.config import TransferConfig
from kerascnn.models import BuiltModel, LayerRoles

LAYER_GROUPS = ("head", "encoder", "embedding")
"""From the output of the model to its input."""


def group_name(layer: keras.layers.Layer, roles: LayerRoles) -> str:
    """Return the group of a layer: ``embedding``, ``head``, or ``encoder`` for all layers between."""
    if layer.name in roles.embeddings:
        return "embedding"
    return "head" if layer.name in roles.head else "encoder"


def freeze_groups(built: BuiltModel, groups: Collection[str]) -> list[keras.layers.Layer]:
    """Make the layers of some groups not trainable; batch normalization keeps its statistics too.

    Returns:
        The layers that were trainable before.
    """
    layers = [x for x in built.model.layers if x.trainable and group_name(x, built.roles) in groups]
    for layer in layers:
        layer.trainable = False
    return layers


def learning_rate_factors(built: BuiltModel, decay: float) -> dict[str, float]:
    """Return the factor of the learning rate of each trainable variable, by path: 1 in the head, decayed below.

    Args:
        built: Model with trainable variables.
        decay: Factor from one group to the group below it, see ``LAYER_GROUPS``.
    """
    return {
        variable.path: decay ** LAYER_GROUPS.index(group_name(layer, built.roles))
        for layer in built.model.layers
        for variable in layer.trainable_variables
    }


class GradualUnfreezing(keras.callbacks.Callback):
    """Freezes groups of layers at the start of training and unfreezes them later (Howard & Ruder 2018, section 3.3).

    The optimizer keeps its state: it is built for all variables and updates those that are trainable.

    Args:
        settings: ``freeze``, ``frozen_epochs`` and ``unfreeze``.
        roles: The layers of the model by role.
    """

    def __init__(self, settings: TransferConfig, roles: LayerRoles) -> None:
        super().__init__()
        self.settings, self.roles = settings, roles
        self._frozen_layers: list[keras.layers.Layer] = []

    def frozen_groups(self, epoch: int) -> set[str]:
        """Return the groups that are frozen in an epoch, counted from 0."""
        groups = [group for group in LAYER_GROUPS if group in self.settings.freeze]
        stage = epoch // self.settings.frozen_epochs
        if self.settings.unfreeze == "together":
            return set(groups) if stage == 0 else set()
        return set(groups[stage:])

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Freeze the groups of this epoch and unfreeze the others."""
        before = {group_name(layer, self.roles) for layer in self._frozen_layers}
        groups = self.frozen_groups(epoch)
        if groups == before:
            return
        self._unfreeze()
        self._frozen_layers = freeze_groups(BuiltModel(self.model.model, self.roles), groups)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Unfreeze all layers that this callback froze."""
        self._unfreeze()

    def _unfreeze(self) -> None:
        for layer in self._frozen_layers:
            layer.trainable = True
