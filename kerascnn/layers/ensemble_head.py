"""Output layer that is an ensemble of one classifier per group of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class EnsembleHead(keras.layers.Dense):
    """Dense output layer over several groups of features: the mean of one classifier (member) per group.

    In inference it is ``keras.layers.Dense``: features @ kernel + bias. In training it returns the logits of each
    member, so that each member can have its own loss, see ``EnsembleModel``. Members that are trained separately form
    an ensemble, which is more accurate than one classifier over all groups: if they are trained together, the group
    that fits the training rows first leaves nothing to learn for the others (Wang, Tran & Feiszli 2020, What Makes
    Training Multi-modal Classification Networks Hard?).

    Example::

        head = EnsembleHead(3, group_sizes=[192, 16])
        head(features)                  # (batch, 3)
        head(features, training=True)   # (batch, 2, 3), the mean over axis 1 is the above

    Args:
        units: Number of classes.
        group_sizes: Number of features of each group, in the order of the features.
        **kwargs: Arguments of ``keras.layers.Dense``.

    Call arguments:
        inputs: Features (batch, sum(group_sizes)).
        training: Whether to return the logits of each member.

    Returns:
        Logits (batch, units), or in training (batch, members, units).
    """

    def __init__(self, units: int, *, group_sizes: Sequence[int], **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.group_sizes = list(group_sizes)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Compute the logits, see the class."""
        return ops.stack(self.member_logits(inputs), axis=1) if training else super().call(inputs)

    def member_logits(self, features: Tensor) -> list[Tensor]:
        """Return the logits of each member, (batch, units); their mean is the result in inference."""
        features, members = ops.cast(features, self.compute_dtype), len(self.group_sizes)
        logits, start = [], 0
        for size in self.group_sizes:
            group, kernel = features[:, start : start + size], self.kernel[start : start + size]
            logits.append(members * ops.matmul(group, kernel) + self.bias)
            start += size
        return logits

    def compute_output_spec(self, inputs: Tensor, training: bool | None = None) -> keras.KerasTensor:
        """Return shape and dtype of the logits in inference; symbolic calls do not know whether they will train."""
        return keras.KerasTensor((*inputs.shape[:-1], self.units), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "group_sizes": self.group_sizes}


def split_members(logits: Tensor) -> list[Tensor]:
    """Return the logits of each member, (batch, classes), from the output of a model in training or in inference."""
    return ops.unstack(logits, axis=1) if len(logits.shape) == 3 else [logits]


def mean(tensors: Sequence[Tensor]) -> Tensor:
    """Return the mean of tensors of one shape; a single tensor itself, which needs no operation."""
    return tensors[0] if len(tensors) == 1 else sum(tensors[1:], start=tensors[0]) / len(tensors)
