"""Compute the outputs of a frozen encoder once, so that only the first epoch pays for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data.ragged import Documents, DocumentsWithOutputs, RaggedIds
from kerascnn.utils.progress import progress_bar

MAX_BYTES = 2 * 2**30
"""Largest size of the stored outputs; if they are larger, every epoch computes them."""
TOKENS_PER_BATCH = 4096
"""Padded tokens per batch. The attention of an encoder needs memory for each pair of tokens of a text."""


@dataclass(frozen=True)
class SplitModel:
    """A functional model in two parts, which share its layers."""

    lower: keras.Model
    """Ids, int32 (batch, length), to the outputs of a layer."""
    upper: keras.Model
    """Ids and these outputs to logits, as ``upper([ids, outputs])``."""


def split_at_frozen_layer(model: keras.Model, names: Sequence[str]) -> SplitModel | None:
    """Split a model above the first of some layers whose outputs do not change in training.

    Args:
        model: Functional model, ids -> logits.
        names: Names of layers whose outputs depend on the ids alone, without dropout.

    Returns:
        None: the weights of all of these layers, or those below, are trained.
    """
    for name in names:
        split = _split(model, name)
        if not split.lower.trainable_weights:
            return split
    return None


def _split(model: keras.Model, name: str) -> SplitModel:
    outputs: list[Any] = []

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        result = layer(*args, **kwargs)
        if layer.name == name:
            outputs.append(result)
        return result

    # A second graph of the same layers, because Keras cannot save a model after another one starts inside its graph.
    twin = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    return SplitModel(keras.Model(twin.input, outputs[0]), keras.Model([twin.input, outputs[0]], twin.output))


@dataclass(frozen=True)
class OutputStore:
    """Computes the outputs of the lower part of a model for documents, each once.

    Args:
        lower: See ``SplitModel``.
        verbose: Show a progress bar.
    """

    lower: keras.Model
    verbose: bool = False
    _run: Any = field(init=False)

    def __post_init__(self) -> None:
        signature = [tf.TensorSpec((None, None), tf.int32)]
        run = tf.function(lambda ids: self.lower(ids, training=False), autograph=False, input_signature=signature)
        object.__setattr__(self, "_run", run)

    @property
    def is_sequence(self) -> bool:
        """Whether the outputs have a time axis."""
        return len(self.lower.output_shape) == 3

    def num_bytes(self, documents: RaggedIds) -> int:
        """Return the size of the outputs for some documents."""
        rows = len(documents)
        if self.is_sequence:
            rows = len(documents.values) + self._added_tokens() * len(documents)
        return int(rows * self.lower.output_shape[-1] * tf.as_dtype(self.lower.output.dtype).size)

    def compute(self, documents: RaggedIds) -> DocumentsWithOutputs:
        """Return documents with the outputs for them, computed in batches of similar length."""
        added = self._added_tokens() if self.is_sequence else 0
        lengths = documents.lengths + added if self.is_sequence else np.ones(len(documents), np.int64)
        splits = np.concatenate([[0], np.cumsum(lengths)])
        dtype = tf.as_dtype(self.lower.output.dtype).as_numpy_dtype
        outputs = np.zeros((splits[-1], self.lower.output_shape[-1]), dtype)
        with progress_bar(total=len(documents), title="encoding", unit="documents", verbose=self.verbose) as bar:
            for rows in _batches_of_similar_length(documents.lengths):
                result = self._run(documents.to_padded(rows)).numpy()
                for row, values in zip(rows, result, strict=True):
                    outputs[splits[row] : splits[row + 1]] = values[: lengths[row]] if self.is_sequence else values
                bar.update(len(rows))
        return DocumentsWithOutputs(
            documents.values, documents.row_splits, outputs, splits if self.is_sequence else None
        )

    def _added_tokens(self) -> int:
        """Return the number of tokens that the model adds to each document."""
        return int(self._run(np.zeros((1, 4), np.int32)).shape[1] - 4)


def _batches_of_similar_length(lengths: np.ndarray) -> list[np.ndarray]:
    """Return the positions of the documents of each batch, of about ``TOKENS_PER_BATCH`` tokens, the longest first."""
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        size = max(1, TOKENS_PER_BATCH // max(int(lengths[order[start]]), 1))
        batches.append(order[start : start + size])
        start += size
    return batches


def compute_outputs(
    split: SplitModel | None, documents: Sequence[Documents], *, verbose: bool = False
) -> list[Documents]:
    """Return documents with the outputs of the lower part of a model for them, if these fit into ``MAX_BYTES``.

    Args:
        split: The model; None: nothing is computed.
        documents: Training and validation documents.
        verbose: Show a progress bar.
    """
    if split is None:
        return list(documents)
    store = OutputStore(split.lower, verbose)
    in_memory = [part for part in documents if isinstance(part, RaggedIds)]
    if len(in_memory) < len(documents) or sum(map(store.num_bytes, in_memory)) > MAX_BYTES:
        return list(documents)
    return [store.compute(part) for part in in_memory]
