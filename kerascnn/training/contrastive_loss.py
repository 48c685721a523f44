"""Loss that brings the vectors of texts with equal labels together, and moves those of other texts apart."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class SupervisedContrastiveLoss(keras.losses.Loss):
    """Supervised contrastive loss (Khosla et al. 2020, equation 2) of vectors with an L2 norm of 1.

    Each text of a batch is compared with every other one: with cosine similarities ``s`` and temperature ``T``, its
    loss is the mean of ``-log softmax(s / T)`` over the texts that have its label. Every text is encoded once for all
    of its pairs; a siamese network encodes both texts of each pair.

    In multi-label data the mean is weighted by the overlap of the labels: those that both texts have, divided by those
    that at least one of them has. A text that shares no label with any other text of the batch has the loss 0.

    Args:
        temperature: The temperature ``T``, above 0. The paper has 0.1; 0.3 separates few labels less strictly.
        **kwargs: Other arguments of ``keras.losses.Loss``.
    """

    def __init__(self, *, temperature: float = 0.3, name: str = "supervised_contrastive", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.temperature = temperature

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each text, float32 (batch,).

        Args:
            y_true: Classes, int (batch,), or an indicator matrix, (batch, labels).
            y_pred: Vectors with an L2 norm of 1, float (batch, dimensions).
        """
        vectors = ops.cast(y_pred, "float32")
        itself = ops.eye(ops.shape(vectors)[0], dtype="float32")
        scores = ops.matmul(vectors, ops.transpose(vectors)) / self.temperature - 1e9 * itself
        overlap = (1 - itself) * _label_overlap(y_true)
        losses = -ops.sum(overlap * ops.log_softmax(scores, axis=1), axis=1)
        total = ops.sum(overlap, axis=1)
        return losses / ops.where(total > 0, total, ops.ones_like(total))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "temperature": self.temperature}


def _label_overlap(targets: Tensor) -> Tensor:
    """Return the overlap of the labels of each pair of texts, 0 to 1, float32 (batch, batch)."""
    if len(targets.shape) == 1:
        return ops.cast(ops.equal(targets[:, None], targets[None, :]), "float32")
    indicators = ops.cast(targets, "float32")
    shared = ops.matmul(indicators, ops.transpose(indicators))
    counts = ops.sum(indicators, axis=1)
    either = counts[:, None] + counts[None, :] - shared
    return shared / ops.maximum(either, 1.0)
