"""Every private name of Keras that this package uses; it uses none of TensorFlow.

``tests/training/test_keras_internals.py`` fails with another minor version of Keras than ``CHECKED_VERSION``, and
``pyproject.toml`` excludes later ones.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import keras

CHECKED_VERSION = "3.15"
"""The minor version of Keras whose source these names were checked against."""

GradientsAndVariables = Iterable[tuple[Any, Any]]


class UnreducedOptimizer(keras.optimizers.Optimizer):
    """An optimizer that takes gradients as already summed over all replicas.

    Keras sums gradients after it clips them, so that each replica clips by a norm of its own, and has no public way to
    turn this off.
    """

    def _all_reduce_sum_gradients(self, grads_and_vars: GradientsAndVariables) -> list[tuple[Any, Any]]:
        return list(grads_and_vars)

    def variable_index(self, variable: Any) -> int:
        """Return the position of a variable among those that the optimizer was built with.

        The documentation of ``keras.optimizers.Optimizer`` tells subclasses to call the private method.
        """
        index: int = self._get_variable_index(variable)
        return index


def adam_slots(optimizer: keras.optimizers.Adam, index: int) -> tuple[keras.Variable, keras.Variable]:
    """Return the first and second moment of the variable at a position."""
    return optimizer._momentums[index], optimizer._velocities[index]


def build_f1_score(metric: keras.metrics.F1Score, num_classes: int) -> None:
    """Create the variables of a metric; Keras would create them within the first training step of each replica."""
    metric._build((None, num_classes), (None, num_classes))


class ReplicatedModel(keras.Model):
    """A model whose ``fit`` takes batches that differ in shape between replicas, and several workers.

    Before training under a strategy Keras averages the first batch over all replicas to find its shapes. This fails
    where the documents of the replicas have different lengths, and with several workers
    (https://github.com/keras-team/keras/issues/20585). The model must be built.

    Subclasses implement ``validate``.

    Attributes:
        validation_batches: Batches for ``validate``; None: ``fit`` validates on its own data, as Keras does.
    """

    validation_batches: Any = None

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Validate by ``validate`` within ``fit``, where Keras would make a new iterator for each epoch."""
        if self.validation_batches is not None and kwargs.get("_use_cached_eval_dataset"):
            return self.validate(kwargs["callbacks"])
        return super().evaluate(*args, **kwargs)

    @abstractmethod
    def validate(self, callbacks: Any) -> dict[str, Any]:
        """Return the metrics of the validation batches, name to value.

        Args:
            callbacks: The callbacks of ``fit``.
        """

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        pass
