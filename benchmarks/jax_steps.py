"""Compiled steps on JAX, see ``benchmarks.compiled_steps``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np


class Steps:
    """Training and inference steps of a model on one batch."""

    def __init__(self, model: keras.Model, ids: np.ndarray, labels: np.ndarray) -> None:
        self._ids, self._labels = jax.device_put(ids), jax.device_put(labels)
        variables = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
        # a training step overwrites its arguments in place, so that they must not be those of the variables
        self._state = jax.tree.map(lambda variable: jax.numpy.copy(variable.value), variables)

        def train_step(state: Any, ids: Any, labels: Any) -> tuple[Any, Any]:
            trainable, others, moments = state

            def compute_loss(weights: Any) -> tuple[Any, Any]:
                logits, updated = model.stateless_call(weights, others, ids, training=True)
                return model.compute_loss(ids, labels, logits, training=True), updated

            (loss, others), gradients = jax.value_and_grad(compute_loss, has_aux=True)(trainable)
            trainable, moments = model.optimizer.stateless_apply(moments, gradients, trainable)
            return (trainable, others, moments), loss

        def infer_step(state: Any, ids: Any) -> Any:
            return model.stateless_call(state[0], state[1], ids, training=False)[0]

        self._lowered_train = jax.jit(train_step, donate_argnums=0).lower(self._state, self._ids, self._labels)
        self._lowered_infer = jax.jit(infer_step).lower(self._state, self._ids)

    def compile(self) -> None:
        """Compile both programs."""
        self._train, self._infer = self._lowered_train.compile(), self._lowered_infer.compile()

    def train(self, steps: int) -> None:
        """Train."""
        for _ in range(steps):
            self._state, loss = self._train(self._state, self._ids, self._labels)
        jax.block_until_ready(loss)

    def infer(self, steps: int) -> None:
        """Compute logits."""
        for _ in range(steps):
            logits = self._infer(self._state, self._ids)
        jax.block_until_ready(logits)


def run_repeatedly(function: Callable[[Any], Any], inputs: np.ndarray, dtype: str) -> Callable[[int], None]:
    """Return a function that runs ``function`` n times."""
    tensor, compiled = jax.device_put(inputs).astype(dtype), jax.jit(function)

    def run(times: int) -> None:
        for _ in range(times):
            result = compiled(tensor)
        jax.block_until_ready(result)

    return run


def trace(model: keras.Model, ids: np.ndarray) -> None:
    """Call the layers of a model once with abstract tensors."""
    variables = ([v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables])
    jax.eval_shape(lambda state, x: model.stateless_call(*state, x, training=False)[0], variables, ids)


def describe_device() -> str:
    """Return the name of the device."""
    return str(jax.devices()[0].device_kind)
