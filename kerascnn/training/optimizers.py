"""Adam whose cost does not grow with the embedding table."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="kerascnn")
class LazyAdam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) that updates only the embedding rows that a batch touches; TensorFlow backend.

    The gradient of an embedding is sparse (``tf.IndexedSlices``), but ``keras.optimizers.Adam`` still moves every row
    of the table and of both its moments at every step. Here the rows outside the batch rest: their weights do not
    drift on old momentum and their moments do not decay until they are touched again. Dense gradients, ``amsgrad``
    and gradient accumulation (which adds gradients up densely) take Adam's own step. Arguments are those of Adam.
    """

    def apply(self, grads, trainable_variables=None):
        """Apply gradients; those of repeated rows are summed first, so that clipping sees the true norms."""
        super().apply([_unique_rows(gradient) for gradient in grads], trainable_variables)

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable, given its gradient, dense or sparse; the rows of one replica are unique."""
        if not isinstance(gradient, tf.IndexedSlices) or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        if self._distribution_strategy.num_replicas_in_sync > 1:
            gradient = _unique_rows(gradient)  # replicas may have touched the same rows
        rows, values = gradient.indices, tf.cast(gradient.values, variable.dtype)
        index = self._get_variable_index(variable)
        momentum, velocity = self._momentums[index], self._velocities[index]
        step = tf.cast(self.iterations + 1, variable.dtype)
        correction = tf.sqrt(1 - tf.pow(self.beta_2, step)) / (1 - tf.pow(self.beta_1, step))
        alpha = tf.cast(learning_rate, variable.dtype) * correction

        m = tf.gather(momentum.value, rows)
        m += (values - m) * (1 - self.beta_1)
        v = tf.gather(velocity.value, rows)
        v += (tf.square(values) - v) * (1 - self.beta_2)
        self.assign(momentum, tf.IndexedSlices(m, rows))
        self.assign(velocity, tf.IndexedSlices(v, rows))
        self.assign_sub(variable, tf.IndexedSlices(alpha * m / (tf.sqrt(v) + self.epsilon), rows))


def _unique_rows(gradient):
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, positions = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, positions, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)
