"""The training step, and the Keras model that carries it through ``fit``."""

from __future__ import annotations

import keras
import tensorflow as tf


class Trainer(keras.Model):
    """Trains a model ``ids -> logits`` under ``keras.Model.fit``.

    It stands around the model and is not part of it: what is saved afterwards is the plain functional model.

    Args:
        model: Functional model, int32 (batch, length) -> float32 (batch, classes).
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.model = model

    def call(self, ids, training=False):
        """Logits, float32 (batch, classes)."""
        return self.model(ids, training=training)

    def train_step(self, data):
        """One update of the weights on one batch (of one replica): forward, backward, optimizer, metrics."""
        ids, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            logits = self(ids, training=True)
            loss = self.compute_loss(x=ids, y=labels, y_pred=logits, sample_weight=weights, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        # Embedding gradients stay sparse: the optimizer updates the rows that the batch touched.
        gradients = tape.gradient(scaled_loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(ids)[0])
        return self.compute_metrics(ids, labels, logits, sample_weight=weights)
