"""Run a trained model over documents of any number and length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from kerascnn.data.batches import RaggedIds, sorted_batch_indices

BATCH_SIZE = 256

Forward = Callable[[RaggedIds], np.ndarray]


def compiled(model: keras.Model) -> Forward:
    """A function from documents to the model's output, float32 (documents, ...), in the order of the documents.

    It is traced once for all batch sizes and lengths, which Keras' own ``predict`` is not.
    """
    step = traced(model)

    def forward(ids: RaggedIds) -> np.ndarray:
        if len(ids) == 0:
            return np.zeros((0, model.output_shape[-1]), np.float32)
        batches = sorted_batch_indices(ids.lengths, BATCH_SIZE)
        outputs = np.concatenate([step(ids.to_padded(rows)).numpy() for rows in batches])
        order = np.concatenate(batches)
        result = np.empty_like(outputs)
        result[order] = outputs
        return result

    return forward


def traced(model: keras.Model) -> Callable:
    """What the model, whatever it puts out, gives for a batch of ids, int32 (batch, length); traced once."""
    return tf.function(
        lambda ids: model(ids, training=False),
        autograph=False,
        input_signature=[tf.TensorSpec((None, None), tf.int32)],
    )


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities, float32 (documents, classes), from logits divided by the temperature (Guo et al. 2017)."""
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return (exponentials / exponentials.sum(axis=-1, keepdims=True)).astype(np.float32)


def sigmoid(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities, float32 (documents, labels), each for itself, from logits divided by the temperature."""
    return special.expit(logits.astype(np.float64) / temperature).astype(np.float32)


Path = Callable[..., tuple[tf.Tensor, ...]]


def compiled_path(model: keras.Model, tables: Sequence[keras.layers.Layer]) -> tuple[Path, Path]:
    """What a logit does while the vectors of a document's tokens grow from nothing to what they are.

    Args:
        model: Functional model, ids -> logits.
        tables: Layers of it that turn ids into vectors, (batch, positions, channels).

    Returns:
        Two functions of a document's ids, int32 (1, length); its vectors, float32 (1, positions, channels) a table;
        which of them grow, float32 (1, positions, 1) a table, 1 or 0; how far they have grown, float32 (points,), 0 to
        1; and a class. The first gives its logit at each point, float32 (points,), in a tuple; the second how fast the
        vectors of each position make it grow there, float32 (points, positions) a table.
    """
    rest = keras.Model([model.input, *(table.output for table in tables)], model.output)

    def forward(ids, vectors, target):
        same = tf.repeat(ids, tf.shape(vectors[0])[0], axis=0)
        return rest([same, *vectors], training=False)[:, target]

    def at(vectors, growing, points):
        points = points[:, None, None]
        return [vector * (1 - grows + grows * points) for vector, grows in zip(vectors, growing, strict=True)]

    def logits(ids, vectors, growing, points, target):
        return (forward(ids, at(vectors, growing, points), target),)

    def slopes(ids, vectors, growing, points, target):
        there = at(vectors, growing, points)
        with tf.GradientTape() as tape:
            tape.watch(there)
            logit = forward(ids, there, target)
        gradients = tape.gradient(logit, there, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        ends = zip(gradients, vectors, growing, strict=True)
        return tuple(tf.reduce_sum(gradient * vector * grows, axis=-1) for gradient, vector, grows in ends)

    signature = [
        tf.TensorSpec((1, None), tf.int32),
        [tf.TensorSpec((1, None, table.output.shape[-1]), tf.float32) for table in tables],
        [tf.TensorSpec((1, None, 1), tf.float32) for _ in tables],
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((), tf.int32),
    ]
    function = partial(tf.function, autograph=False, input_signature=signature)
    return function(logits), function(slopes)
