"""Compiled steps on TensorFlow, see ``benchmarks.compiled_steps``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.utils.cpu import available_cpus


class Steps:
    """Training and inference steps of a model on one batch."""

    def __init__(self, model: keras.Model, ids: np.ndarray, labels: np.ndarray) -> None:
        self._ids, self._labels = tf.constant(ids), tf.constant(labels)

        def train_step(ids: Any, labels: Any) -> Any:
            with tf.GradientTape() as tape:
                loss = model.compute_loss(ids, labels, model(ids, training=True), training=True)
            weights = model.trainable_weights
            model.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return loss

        self._train = tf.function(train_step, jit_compile=_uses_xla())
        self._infer = tf.function(lambda ids: model(ids, training=False), jit_compile=_uses_xla())

    def compile(self) -> None:
        """Trace both functions; they are compiled when they run first."""
        self._train.get_concrete_function(self._ids, self._labels)
        self._infer.get_concrete_function(self._ids)

    def train(self, steps: int) -> None:
        """Train."""
        for _ in range(steps):
            loss = self._train(self._ids, self._labels)
        loss.numpy()

    def infer(self, steps: int) -> None:
        """Compute logits."""
        for _ in range(steps):
            logits = self._infer(self._ids)
        logits.numpy()


def run_repeatedly(function: Callable[[Any], Any], inputs: np.ndarray, dtype: str) -> Callable[[int], None]:
    """Return a function that runs ``function`` n times."""
    tensor, compiled = tf.cast(inputs, dtype), tf.function(function)

    def run(times: int) -> None:
        for _ in range(times):
            result = compiled(tensor)
        result[:1].numpy()

    return run


def trace(model: keras.Model, ids: np.ndarray) -> None:
    """Call the layers of a model once with symbolic tensors."""
    tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec(ids.shape, tf.int32))


def describe_device() -> str:
    """Return the name of the device."""
    if gpus := tf.config.list_physical_devices("GPU"):
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", gpus[0].name))
    return f"CPU, {tf.config.threading.get_intra_op_parallelism_threads() or available_cpus()} threads"


def _uses_xla() -> bool:
    """Return whether to compile with XLA, which on a CPU gains nothing and lacks operations on sparse matrices."""
    return bool(tf.config.list_physical_devices("GPU"))
