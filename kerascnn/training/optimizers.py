"""Optimizers for gradients that all replicas share, and Adam whose cost does not grow with the embedding table."""

from __future__ import annotations

import keras
import tensorflow as tf

from kerascnn.training.distributed.all_reduce import all_reduce_gradients


class AllReduceOptimizer(keras.optimizers.Optimizer):
    """An optimizer for several replicas: it adds up their gradients first, so that clipping sees the true norms."""

    def apply(self, grads, trainable_variables=None):
        """Apply the sums of the gradients of all replicas, see ``kerascnn.training.distributed.all_reduce``."""
        super().apply(all_reduce_gradients(grads), trainable_variables)

    def _all_reduce_sum_gradients(self, grads_and_vars):
        """What Keras calls to add them up after clipping."""
        return list(grads_and_vars)


@keras.saving.register_keras_serializable(package="kerascnn")
class Adadelta(AllReduceOptimizer, keras.optimizers.Adadelta):
    """Adadelta (Zeiler 2012), as Keras has it."""


@keras.saving.register_keras_serializable(package="kerascnn")
class LazyAdam(AllReduceOptimizer, keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) that updates only the embedding rows that a batch touches; TensorFlow backend.

    The gradient of an embedding is sparse (``tf.IndexedSlices``), but ``keras.optimizers.Adam`` still moves every row
    of the table and of both its moments at every step. Here the rows outside the batch rest: their weights do not
    drift on old momentum and their moments do not decay until they are touched again. Dense gradients take Adam's own
    step, in one operation where Keras needs two dozen; so does gradient accumulation, which adds gradients up densely.
    ``amsgrad`` is Keras' own.

    Of each gradient a row gets 1 - beta_1 at once; Adam would give it the rest over the steps that follow, but a rare
    row is not touched again. With a smaller ``row_beta_1`` it therefore gets more of it at once.

    Args:
        row_beta_1: The ``beta_1`` of sparse gradients, 0 to below 1; 0.5 was chosen on validation data.
        **kwargs: Those of ``keras.optimizers.Adam``.
    """

    def __init__(self, learning_rate=0.001, *, row_beta_1: float = 0.5, **kwargs) -> None:
        super().__init__(learning_rate, **kwargs)
        self.row_beta_1 = row_beta_1

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "row_beta_1": self.row_beta_1}

    def _distributed_tf_update_step(self, distribution, grads_and_vars, learning_rate):
        """What Keras calls to update all variables: the numbers that they share are computed once."""
        step = tf.cast(self.iterations + 1, tf.float32)
        shared = {"beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon}
        shared |= {f"{name}_power": tf.pow(shared[name], step) for name in ("beta1", "beta2")}
        self._shared = {name: tf.convert_to_tensor(number, tf.float32) for name, number in shared.items()}
        self._row_correction = tf.sqrt(1 - shared["beta2_power"]) / (1 - tf.pow(self.row_beta_1, step))
        super()._distributed_tf_update_step(distribution, grads_and_vars, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable, given its gradient, dense or sparse; the rows of a sparse one are unique."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        momentum, velocity = (self._beside(variable, kind[index]) for kind in (self._momentums, self._velocities))
        update = self._update_rows if isinstance(gradient, tf.IndexedSlices) else self._update_all
        update(gradient, variable, momentum, velocity, tf.cast(learning_rate, variable.dtype))

    def _update_all(self, gradient, variable, momentum, velocity, learning_rate):
        shared = {name: tf.cast(number, variable.dtype) for name, number in self._shared.items()}
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=momentum.handle, v=velocity.handle, grad=tf.cast(gradient, variable.dtype),
            lr=learning_rate, **shared,
        )  # fmt: skip

    def _update_rows(self, gradient, variable, momentum, velocity, learning_rate):
        rows, values = gradient.indices, tf.cast(gradient.values, variable.dtype)
        alpha = learning_rate * tf.cast(self._row_correction, variable.dtype)

        m = tf.gather(momentum, rows)
        m += (values - m) * (1 - self.row_beta_1)
        v = tf.gather(velocity, rows)
        v += (tf.square(values) - v) * (1 - self.beta_2)
        self.assign(momentum, tf.IndexedSlices(m, rows))
        self.assign(velocity, tf.IndexedSlices(v, rows))
        self.assign_sub(variable, tf.IndexedSlices(alpha * m / (tf.sqrt(v) + self.epsilon), rows))

    def _beside(self, variable, moments):
        """The moments on the device of a variable: of those on all devices TensorFlow would read the whole table."""
        copies = self._distribution_strategy.experimental_local_results(moments.value)
        return next(copy for copy in copies if copy.device == variable.device)
