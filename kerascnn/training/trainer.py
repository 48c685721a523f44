"""Training step of a classifier, for every ``tf.distribute`` strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from kerascnn.layers.ensemble_head import mean, split_members
from kerascnn.training.frozen_outputs import SplitModel
from kerascnn.training.multi_step import MultiStepModel

Logs = dict[str, Any]


class Trainer(MultiStepModel):
    """Trains a functional model ids -> logits; see ``kerascnn.training.multi_step`` for the epochs.

    Unlike ``keras.Model.fit`` on the functional model, it weights each document by its share of the whole batch on all
    replicas, and the validation loss is a mean over documents. The trainer contains the functional model; only that
    one is saved, by ``save`` and ``export`` too, which callbacks such as ``keras.callbacks.ModelCheckpoint`` call.

    If the model is an ``EnsembleModel``, each member has its own loss, and the loss is the mean over the members.

    Batches are ``(ids, targets, weights)``, with ids int32 (batch, length), targets (batch, ...) and weights float32
    (batch,); in validation ``(ids, targets)``. In place of the ids there may be the pair of the ids and the outputs of
    the lower part of ``split``, which then does not run. Targets with soft labels are the dict that
    ``losses.DistillationLoss`` takes; metrics then count only documents that have a label. With several replicas, each
    has a part of the batch, of any size. The weight of a document is its share of the loss of the whole batch, on
    whichever replica it is.

    Args:
        model: Functional model, ids int32 (batch, length) -> logits float32 (batch, classes).
        loss: Loss of targets and logits; its ``call`` returns the loss of each document, float32 (batch,).
        metrics: Metrics of targets and logits to report besides the loss.
        split: The model in two parts, for batches with outputs of the lower one.
    """

    def __init__(
        self,
        model: keras.Model,
        *,
        loss: keras.losses.Loss,
        metrics: Sequence[keras.metrics.Metric] = (),
        split: SplitModel | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.split = split
        self.document_losses = loss.call
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.reported_metrics = list(metrics)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The metrics that Keras resets after each epoch."""
        return [*self.reported_metrics, self.loss_tracker]

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the logits, float32 (batch, classes); see ``EnsembleModel`` for its logits in training."""
        if self.split is not None and isinstance(inputs, tuple):
            return self.split.upper(list(inputs), training=training)
        return self.model(inputs, training=training)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the functional model, see ``keras.Model.save``."""
        self.model.save(*args, **kwargs)

    def save_weights(self, *args: Any, **kwargs: Any) -> None:
        """Save the weights of the functional model, see ``keras.Model.save_weights``."""
        self.model.save_weights(*args, **kwargs)

    def export(self, *args: Any, **kwargs: Any) -> None:
        """Export the functional model, see ``keras.Model.export``."""
        self.model.export(*args, **kwargs)

    def train_step(self, data: Any) -> Logs:
        """Update the weights on one batch of one replica, and return the metrics."""
        inputs, targets, weights = data
        with tf.GradientTape() as tape:
            outputs = self.call(inputs, training=True)
            # the outputs of a tagger have the rank of those of an ensemble
            members = split_members(outputs) if len(self.model.output_shape) == 2 else [outputs]
            losses = mean([self.document_losses(targets, logits) for logits in members])
            # The optimizer sums the gradients over the replicas.
            loss = self.optimizer.scale_loss(tf.reduce_sum(losses * weights))
        # Gradients of embeddings stay sparse: the optimizer updates the rows of the tokens in the batch.
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return self._update_metrics(losses, targets, mean(members))

    def test_step(self, data: Any) -> Logs:
        """Update the metrics with one batch of one replica, and return them."""
        inputs, targets = data
        logits = self.call(inputs, training=False)
        return self._update_metrics(self.document_losses(targets, logits), targets, logits)

    def _update_metrics(self, losses: Any, targets: Any, logits: Any) -> Logs:
        self.loss_tracker.update_state(losses)
        has_label = None
        if isinstance(targets, dict):
            targets = targets["labels"]
            has_label = tf.reduce_all(tf.reshape(targets >= 0, (tf.shape(targets)[0], -1)), axis=1)
        for metric in self.reported_metrics:
            metric.update_state(targets, logits, has_label)
        logs: Logs = self.get_metrics_result()
        return logs
