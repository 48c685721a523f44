"""Optimizers by name, and Adam whose cost does not grow with the embedding table; TensorFlow backend."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from kerascnn.config import TrainingConfig
from kerascnn.models import ModelConfig
from kerascnn.training.distributed.all_reduce import Gradient, all_reduce_gradients
from kerascnn.training.keras_internals import UnreducedOptimizer, adam_slots
from kerascnn.training.schedules import WarmupDecay

NO_WEIGHT_DECAY = ("embedding", "bias", "gamma", "beta")
"""Parts of the names of weights that are excluded from weight decay."""


class AllReduceOptimizer(UnreducedOptimizer):
    """Mixin for optimizers of several replicas and of weights with different learning rates.

    It sums the gradients of all replicas first, so that clipping sees the true norms.
    """

    learning_rate_factors: tuple[float, ...] = ()
    """Learning rate of each weight relative to the schedule's, in the order of the weights; empty: all 1."""

    def apply(self, grads: Sequence[Gradient], trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        """Apply the sums of the gradients over all replicas; called in a training step."""
        super().apply(all_reduce_gradients(grads), trainable_variables)

    def update_step(self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor) -> None:
        """Update one variable."""
        super().update_step(gradient, variable, self.scale_learning_rate(learning_rate, variable))

    def scale_learning_rate(self, learning_rate: tf.Tensor, variable: Any) -> tf.Tensor:
        """Return the learning rate of a variable."""
        factors = self.learning_rate_factors
        return learning_rate * factors[self.variable_index(variable)] if factors else learning_rate


@keras.saving.register_keras_serializable(package="kerascnn")
class LazyAdam(AllReduceOptimizer, keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015) that updates only the embedding rows that a batch touches; TensorFlow backend.

    The gradient of an embedding is sparse (``tf.IndexedSlices``), but ``keras.optimizers.Adam`` updates every row of
    the table and of both moments at every step. Here rows outside the batch do not change: their weights do not drift
    on old momentum, and their moments do not decay until a batch touches them again. Dense gradients, and those
    of gradient accumulation, take the step of Adam, in one operation where Keras needs two dozen. With ``amsgrad`` the
    step is that of Keras.

    A row gets 1 - beta_1 of each gradient at once. Adam adds the rest over the following steps, but a rare row is not
    touched again. A smaller ``row_beta_1`` gives it more of the gradient at once.

    Args:
        learning_rate: Learning rate, or a schedule.
        row_beta_1: The ``beta_1`` of sparse gradients, 0 to below 1; 0.5 was chosen on validation data.
        **kwargs: Other arguments of ``keras.optimizers.Adam``.
    """

    def __init__(self, learning_rate: Any = 0.001, *, row_beta_1: float = 0.5, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.row_beta_1 = row_beta_1
        self._strategy = tf.distribute.get_strategy()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "row_beta_1": self.row_beta_1}

    def apply(self, grads: Sequence[Gradient], trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        """Apply gradients; the numbers that all variables share are computed once."""
        step = tf.cast(self.iterations + 1, tf.float32)
        shared = {"beta1": self.beta_1, "beta2": self.beta_2, "epsilon": self.epsilon}
        shared |= {f"{name}_power": tf.pow(shared[name], step) for name in ("beta1", "beta2")}
        self._shared = {name: tf.convert_to_tensor(number, tf.float32) for name, number in shared.items()}
        self._row_correction = tf.sqrt(1 - shared["beta2_power"]) / (1 - tf.pow(self.row_beta_1, step))
        super().apply(grads, trainable_variables)

    def update_step(self, gradient: Gradient, variable: Any, learning_rate: tf.Tensor) -> None:
        """Update one variable, given its gradient, dense or sparse; the rows of a sparse gradient are unique."""
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        slots = adam_slots(self, self.variable_index(variable))
        momentum, velocity = (self._local_copy(slot, variable) for slot in slots)
        learning_rate = tf.cast(self.scale_learning_rate(learning_rate, variable), variable.dtype)
        update = self._update_rows if isinstance(gradient, tf.IndexedSlices) else self._update_all
        update(gradient, variable, momentum, velocity, learning_rate)

    def _update_all(
        self, gradient: tf.Tensor, variable: Any, momentum: Any, velocity: Any, learning_rate: tf.Tensor
    ) -> None:
        shared = {name: tf.cast(number, variable.dtype) for name, number in self._shared.items()}
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=momentum.handle, v=velocity.handle, grad=tf.cast(gradient, variable.dtype),
            lr=learning_rate, **shared,
        )  # fmt: skip

    def _update_rows(
        self, gradient: tf.IndexedSlices, variable: Any, momentum: Any, velocity: Any, learning_rate: tf.Tensor
    ) -> None:
        rows, values = gradient.indices, tf.cast(gradient.values, variable.dtype)
        alpha = learning_rate * tf.cast(self._row_correction, variable.dtype)

        m = tf.gather(momentum, rows)
        m += (values - m) * (1 - self.row_beta_1)
        v = tf.gather(velocity, rows)
        v += (tf.square(values) - v) * (1 - self.beta_2)
        self.assign(momentum, tf.IndexedSlices(m, rows))
        self.assign(velocity, tf.IndexedSlices(v, rows))
        self.assign_sub(variable, tf.IndexedSlices(alpha * m / (tf.sqrt(v) + self.epsilon), rows))

    def _local_copy(self, slot: keras.Variable, variable: Any) -> Any:
        """Return the copy of a moment on the device of a variable; TensorFlow would read all rows of the others."""
        copies = self._strategy.experimental_local_results(slot.value)
        return next(copy for copy in copies if copy.device == variable.device)


def all_reduce_class(optimizer: type[keras.optimizers.Optimizer]) -> type[keras.optimizers.Optimizer]:
    """Return a subclass of an optimizer class with the behavior of ``AllReduceOptimizer``."""
    if issubclass(optimizer, AllReduceOptimizer):
        return optimizer
    return type(optimizer.__name__, (AllReduceOptimizer, optimizer), {"__doc__": optimizer.__doc__})


def set_learning_rate_factors(
    optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable], factors: Mapping[str, float]
) -> None:
    """Set the learning rates of weights relative to the schedule's.

    Args:
        optimizer: From ``build_optimizer``, built.
        variables: The weights, in the order in which the optimizer was built.
        factors: Weight path to factor; 1 for other weights.
    """
    if factors:
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        optimizer.learning_rate_factors = tuple(factors.get(variable.path, 1.0) for variable in variables)


def build_optimizer(
    settings: TrainingConfig, total_steps: int, optimizer: keras.optimizers.Optimizer | None = None
) -> keras.optimizers.Optimizer:
    """Return the optimizer of a training.

    Args:
        settings: The optimizer by name, its learning rate and schedule, weight decay and clipping.
        total_steps: Steps of the whole training, over which the schedule runs.
        optimizer: An optimizer to use instead, with its own learning rate, weight decay and clipping. It is not
            changed: training uses a new one of the same configuration.
    """
    if optimizer is None:
        built = _build_by_name(settings, total_steps)
    else:
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        built = all_reduce_class(type(optimizer)).from_config(optimizer.get_config())
    if settings.dtype_policy == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(built)
    return built


def describe_optimizer(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """Return class and configuration of an optimizer, ready for JSON."""
    description: dict[str, Any] = json.loads(json.dumps(keras.optimizers.serialize(optimizer), default=str))
    return {"class_name": description["class_name"], "config": description["config"]}


def _build_by_name(settings: TrainingConfig, total_steps: int) -> keras.optimizers.Optimizer:
    schedule = WarmupDecay(
        peak=settings.learning_rate or ModelConfig.learning_rate,
        warmup_steps=round(settings.warmup_ratio * total_steps),
        total_steps=total_steps,
        decay=settings.schedule,
    )
    options: dict[str, Any] = {"learning_rate": schedule, "global_clipnorm": settings.global_clipnorm or None}
    if settings.optimizer in ("adam", "adamw"):
        kind: type[keras.optimizers.Optimizer] = LazyAdam
    else:
        kind = type(keras.optimizers.get(settings.optimizer))
    if settings.weight_decay:
        options["weight_decay"] = settings.weight_decay
    elif settings.optimizer == "adamw":
        options["weight_decay"] = keras.optimizers.AdamW().weight_decay
    optimizer = all_reduce_class(kind)(**options)
    if optimizer.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(NO_WEIGHT_DECAY))
    return optimizer
