"""The training step, and the Keras model that holds it."""

from __future__ import annotations

import keras
import tensorflow as tf

from kerascnn.layers import Ensemble


class Trainer(keras.Model):
    """Trains a model ``ids -> logits``, see ``kerascnn.training.loop``.

    It stands around the model and is not part of it: what is saved afterwards is the plain functional model.

    Where the last layer is an ``Ensemble``, each member has a loss of its own, and the loss is their mean.

    Args:
        model: Functional model, int32 (batch, length) -> float32 (batch, classes), whose last layer is ``logits``.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.model = model
        self.last = model.get_layer("logits")
        self.features = keras.Model(model.inputs, self.last.input)

    def call(self, ids, training=False):
        """Logits, float32 (batch, classes)."""
        return self.model(ids, training=training)

    def train_step(self, data):
        """One update of the weights on one batch (of one replica): forward, backward, optimizer, metrics."""
        ids, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            answers = self._answers(ids)
            losses = [
                self.compute_loss(x=ids, y=labels, y_pred=logits, sample_weight=weights, training=True)
                for logits in answers
            ]
            loss = sum(losses) / len(losses)
            scaled_loss = self.optimizer.scale_loss(loss)
        # Embedding gradients stay sparse: the optimizer updates the rows that the batch touched.
        gradients = tape.gradient(scaled_loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        # Keras divides the loss by the replicas, whose gradients are added up; what is shown is the loss itself.
        loss *= tf.distribute.get_strategy().num_replicas_in_sync
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(ids)[0])
        return self.compute_metrics(ids, labels, sum(answers) / len(answers), sample_weight=weights)

    def _answers(self, ids):
        """The training logits of each member, float32 (batch, classes); one where the last layer is no ensemble."""
        features = self.features(ids, training=True)
        return self.last.members(features) if isinstance(self.last, Ensemble) else [self.last(features)]
