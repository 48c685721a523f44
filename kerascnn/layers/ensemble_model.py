"""Functional model that trains the members of an ensemble head separately."""

from __future__ import annotations

from typing import Any

import keras

from kerascnn.layers.ensemble_head import mean, split_members


@keras.saving.register_keras_serializable(package="kerascnn")
class EnsembleModel(keras.Model):
    """Functional model with an ``EnsembleHead`` as its output layer and one loss per member.

    The loss of a batch is the mean over the members; metrics use the mean of the logits. This holds for any loss, also
    in stock ``compile`` and ``fit``, on every backend. The head alone cannot do it: a layer does not know the targets,
    and the gradient of a loss at the mean of the logits does not determine its gradient at the logits of a member.

    In training, ``model(ids, training=True)`` is (batch, members, classes); in inference it is (batch, classes).

    Example::

        model = EnsembleModel(ids, EnsembleHead(2, group_sizes=[192, 16])(features))
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    """

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the loss, in training the mean over the members."""
        members = split_members(y_pred)
        losses = [super(EnsembleModel, self).compute_loss(x, y, logits, sample_weight, training) for logits in members]
        return mean(losses)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Update the metrics with the mean of the members, and return them."""
        logs: dict[str, Any] = super().compute_metrics(x, y, mean(split_members(y_pred)), sample_weight)
        return logs
