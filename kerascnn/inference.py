"""Run a trained model over documents of any number and length."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data.pipeline import Ids, sorted_by_length

BATCH_SIZE = 256

Forward = Callable[[Ids], np.ndarray]


def compiled(model: keras.Model) -> Forward:
    """A function from documents to the model's output, float32 (documents, ...), in the order of the documents.

    It is traced once for all batch sizes and lengths, which Keras' own ``predict`` is not.
    """
    step = tf.function(
        lambda ids: model(ids, training=False),
        autograph=False,
        input_signature=[tf.TensorSpec((None, None), tf.int32)],
    )

    def forward(ids: Ids) -> np.ndarray:
        if len(ids) == 0:
            return np.zeros((0, model.output_shape[-1]), np.float32)
        batches = sorted_by_length(ids.lengths, BATCH_SIZE)
        outputs = np.concatenate([step(ids.padded(rows)).numpy() for rows in batches])
        order = np.concatenate(batches)
        result = np.empty_like(outputs)
        result[order] = outputs
        return result

    return forward


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities, float32 (documents, classes), from logits divided by the temperature (Guo et al. 2017)."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)
