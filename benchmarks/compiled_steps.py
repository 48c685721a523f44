"""Compiled training and inference steps of a Keras model on the active backend, with its data on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np

from kerascnn.utils.errors import InputError


class CompiledSteps(Protocol):
    """Steps on one batch, which stays on the device. The methods wait until the device has done the work."""

    def compile(self) -> None:
        """Compile both programs; may run in a thread."""

    def train(self, steps: int) -> None:
        """Train: forward pass, loss, gradients, and the update of all weights."""

    def infer(self, steps: int) -> None:
        """Compute logits."""


def make_steps(model: keras.Model, ids: np.ndarray, labels: np.ndarray) -> CompiledSteps:
    """Return the steps of a compiled model on one batch.

    Args:
        model: Model with an optimizer and a loss; do not use it any more.
        ids: int32 (batch, length).
        labels: int32 (batch,).

    Raises:
        InputError: The backend is neither TensorFlow nor JAX.
    """
    model.optimizer.build(model.trainable_variables)
    return _find_backend().Steps(model, ids, labels)  # type: ignore[no-any-return]


def run_repeatedly(function: Callable[[Any], Any], inputs: np.ndarray, dtype: str) -> Callable[[int], None]:
    """Return a function that runs the compiled ``function`` on one array, which is on the device, n times."""
    return _find_backend().run_repeatedly(function, inputs, dtype)  # type: ignore[no-any-return]


def trace(model: keras.Model, ids: np.ndarray) -> None:
    """Call the layers of a model once with abstract tensors of the shape of ``ids``, without computing anything."""
    _find_backend().trace(model, ids)


def describe_device() -> str:
    """Return the name of the device that computes."""
    return str(_find_backend().describe_device())


def _find_backend() -> Any:
    name = keras.backend.backend()
    if name == "jax":
        from benchmarks import jax_steps

        return jax_steps
    if name == "tensorflow":
        from benchmarks import tensorflow_steps

        return tensorflow_steps
    raise InputError(f"KERAS_BACKEND={name}: set it to tensorflow or jax")
