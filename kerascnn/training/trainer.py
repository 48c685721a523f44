"""The training step of a classifier, one for every strategy of ``tf.distribute``."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf

from kerascnn.layers import EnsembleHead
from kerascnn.training.maxima import StrongestAnswers


class Trainer(keras.Model):
    """Trains a model ``ids -> logits``, see ``kerascnn.training.loop``.

    It stands around the model and is not part of it: what is saved afterwards is the plain functional model.

    Where the last layer is an ``EnsembleHead``, each member has a loss of its own, and the loss is their mean.

    A batch is ``(ids int32 (batch, length), labels (batch, ...), weights float32 (batch,))``, in validation without
    weights. The replicas of a strategy have a part of it each, of any size; the weights say what a document counts in
    the loss of the whole batch, wherever it is.

    Args:
        model: Functional model, int32 (batch, length) -> float32 (batch, classes), one output.
        loss: Compares labels with logits; its ``call`` gives the loss of each document, float32 (batch,).
        metrics: What is watched beside the loss, of labels and logits.
    """

    def __init__(
        self, model: keras.Model, *, loss: keras.losses.Loss, metrics: Sequence[keras.metrics.Metric] = ()
    ) -> None:
        super().__init__()
        self.model = model
        self.last = next(layer for layer in model.layers if layer.output is model.output)
        self.features = StrongestAnswers(keras.Model(model.inputs, self.last.input))
        self.loss_of = loss.call
        self.loss_mean = keras.metrics.Mean(name="loss")
        self.watched = list(metrics)

    @property
    def metrics(self):
        """What Keras sets back after each epoch."""
        return [*self.watched, self.loss_mean]

    def call(self, ids, training=False):
        """Logits, float32 (batch, classes)."""
        return self.model(ids, training=training)

    def train_step(self, data):
        """One update of the weights on one batch (of one replica): forward, backward, optimizer, metrics."""
        ids, labels, weights = data
        with tf.GradientTape() as tape:
            answers = self._answers(ids)
            losses = _mean([self.loss_of(labels, logits) for logits in answers])
            # The optimizer adds up the gradients of the replicas.
            loss = self.optimizer.scale_loss(tf.reduce_sum(losses * weights))
        # Embedding gradients stay sparse: the optimizer updates the rows that the batch touched.
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self._watch(losses, labels, _mean(answers))

    def test_step(self, data):
        """The figures of one batch (of one replica)."""
        ids, labels = data
        logits = self.model(ids, training=False)
        self._watch(self.loss_of(labels, logits), labels, logits)

    def _answers(self, ids):
        """The training logits of each member, float32 (batch, classes); one where the last layer is no ensemble."""
        features = self.features(ids)
        return self.last.members(features) if isinstance(self.last, EnsembleHead) else [self.last(features)]

    def _watch(self, losses, labels, logits):
        self.loss_mean.update_state(losses)
        for metric in self.watched:
            metric.update_state(labels, logits)


def _mean(tensors):
    """The mean of tensors of one shape; of a single one itself, which leaves nothing to compute."""
    return tensors[0] if len(tensors) == 1 else tf.add_n(tensors) / len(tensors)
