"""Floating-point operations and bytes that the layers of a model need at least, counted from shapes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import keras
import numpy as np

from benchmarks.compiled_steps import trace
from kerascnn import layers

TRAINING_FLOP = 3
"""Operations of a training step per operation of the forward pass: the output, and two gradients of the same size."""
TRAINING_PASSES, INFERENCE_PASSES = 5, 2
"""How often each output is written or read: written and read once; in training it is read again for the gradient of the
next layer, and its own gradient is written and read, too."""
ADAM_PASSES = 8
"""How often each weight is written or read in a training step: the gradient is written and read, the value and both
moments are read and written."""
WEIGHT_BYTES = 4


@dataclass
class Costs:
    """Costs of one step on a batch."""

    flop: float = 0
    """Floating-point operations of the matrix products and convolutions of a forward pass: 2 per weight and output."""
    outputs: float = 0
    """Bytes of the outputs of convolutions, dense layers and embeddings. All other operations can be fused."""
    dense_weights: float = 0
    """Bytes of the weights, without embeddings."""
    trained_weights: float = 0
    """Bytes of all weights that are trained, embeddings included."""

    @property
    def training(self) -> tuple[float, float]:
        """Operations and bytes of a training step with Adam."""
        return TRAINING_FLOP * self.flop, TRAINING_PASSES * self.outputs + ADAM_PASSES * self.trained_weights

    @property
    def inference(self) -> tuple[float, float]:
        """Operations and bytes of inference."""
        return self.flop, INFERENCE_PASSES * self.outputs + self.dense_weights


def count_costs(model: keras.Model, ids: np.ndarray) -> Costs:
    """Count what a step of a model on a batch costs.

    Args:
        model: The model.
        ids: int32 (batch, length).
    """
    costs = Costs(trained_weights=sum(WEIGHT_BYTES * math.prod(v.shape) for v in model.trainable_variables))
    with contextlib.ExitStack() as stack:
        for kind in (keras.layers.Conv1D, keras.layers.Dense, layers.Embedding, layers.QuantizedEmbedding):
            stack.enter_context(_record_calls(kind, costs))
        trace(model, ids)
    return costs


@contextlib.contextmanager
def _record_calls(kind: Any, costs: Costs) -> Iterator[None]:
    """Add the costs of all calls of a class of layers in the block."""
    call = next(base for base in kind.__mro__ if "call" in vars(base)).call

    def record(layer: Any, *args: Any, **kwargs: Any) -> Any:
        output = call(layer, *args, **kwargs)
        if kwargs.get("return_table"):
            return output
        size = math.prod(output.shape)
        costs.outputs += size * (2 if "16" in keras.backend.standardize_dtype(output.dtype) else 4)
        if hasattr(layer, "kernel"):
            weights = math.prod(layer.kernel.shape)
            costs.flop += 2 * size // layer.kernel.shape[-1] * weights
            costs.dense_weights += WEIGHT_BYTES * weights
        return output

    with mock.patch.object(kind, "call", record):
        yield
