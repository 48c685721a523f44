"""Run a trained model on any number of documents of any length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data.batches import sorted_batch_indices
from kerascnn.data.ragged import Documents, RaggedIds
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.cpu import available_cpus

BATCH_SIZE = 256
MIN_CHUNK, MAX_CHUNK = 128, 4096
"""Fewest and most texts that a thread encodes and predicts at a time."""
MAX_THREADS = 8

PredictFunction: TypeAlias = Callable[[Documents], np.ndarray]
"""Documents to outputs of a model, float32 (documents, ...)."""
BatchFunction: TypeAlias = Callable[[Any], Any]
"""Batch of padded ids, int32 (batch, length), to the output or outputs of a model."""
PathFunction: TypeAlias = Callable[..., tuple[Any, ...]]
"""See ``make_path_functions``."""


def make_predict_function(model: keras.Model) -> PredictFunction:
    """Return a function from documents to the output of a model, in the order of the documents.

    The function is traced once for all batch sizes and lengths, unlike ``keras.Model.predict``.
    """
    predict_batch = make_batch_function(model)

    def predict(ids: Documents) -> np.ndarray:
        if len(ids) == 0:
            return np.zeros((0, model.output_shape[-1]), np.float32)
        parts = [predict_part(part.ids) for part in ids.iterate_shards()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def predict_part(ids: RaggedIds) -> np.ndarray:
        batches = sorted_batch_indices(ids.lengths, BATCH_SIZE)
        outputs = np.concatenate([predict_batch(ids.to_padded(rows)).numpy() for rows in batches])
        order = np.concatenate(batches)
        result = np.empty_like(outputs)
        result[order] = outputs
        return result

    return predict


def predict_texts(
    vectorizer: Vectorizer, predict: PredictFunction, texts: Sequence[str], *, threads: int
) -> np.ndarray:
    """Encode and predict texts, in several threads if there are many: most operations on short texts use one core.

    Args:
        vectorizer: Turns texts into ids.
        predict: The result of ``make_predict_function``.
        texts: The texts.
        threads: Largest number of threads.

    Returns:
        The outputs in the order of the texts, float32 (documents, ...).
    """
    size = min(max(MIN_CHUNK, -(-len(texts) // threads)), MAX_CHUNK)
    if threads == 1 or len(texts) <= size:
        return predict(RaggedIds(*vectorizer.encode(texts)))

    def predict_chunk(start: int) -> np.ndarray:
        return predict(RaggedIds(*vectorizer.encode(texts[start : start + size], num_threads=1)))

    with ThreadPoolExecutor(threads) as executor:
        return np.concatenate(list(executor.map(predict_chunk, range(0, len(texts), size))))


def choose_threads(*, is_large: bool) -> int:
    """Return the number of threads for ``predict_texts``.

    Args:
        is_large: Whether each operation of the model keeps all cores busy, and needs much memory.
    """
    return 1 if is_large else min(available_cpus(), MAX_THREADS)


def make_batch_function(model: keras.Model) -> BatchFunction:
    """Return a function from padded ids, int32 (batch, length), to all outputs of a model; it is traced once."""
    function: BatchFunction = tf.function(
        lambda ids: model(ids, training=False),
        autograph=False,
        input_signature=[tf.TensorSpec((None, None, *model.input_shape[2:]), tf.int32)],
    )
    return function


def make_path_functions(
    model: keras.Model, embeddings: Sequence[keras.layers.Layer]
) -> tuple[PathFunction, PathFunction]:
    """Return functions of a logit on the straight path from zero vectors to the vectors of a document.

    Args:
        model: Functional model, ids -> logits.
        embeddings: Layers of the model that map ids to vectors, (batch, positions, channels).

    Returns:
        Two functions with the arguments ids of a document, int32 (1, length); its vectors, float32 (1, positions,
        channels) per embedding; a mask of the vectors that are scaled, float32 (1, positions, 1) per embedding, 1 or 0;
        points on the path, float32 (points,), 0 to 1; and a class. The first returns the logit at each point, float32
        (points,), in a tuple. The second returns the derivative of the logit with respect to the scale of the vectors
        at each position, float32 (points, positions) per embedding.
    """
    rest = keras.Model([model.input, *(layer.output for layer in embeddings)], model.output)

    def compute_logits(ids: Any, vectors: Any, target: Any) -> Any:
        repeated = tf.repeat(ids, tf.shape(vectors[0])[0], axis=0)
        return rest([repeated, *vectors], training=False)[:, target]

    def scale(vectors: Any, masks: Any, points: Any) -> list[Any]:
        points = points[:, None, None]
        return [vector * (1 - mask + mask * points) for vector, mask in zip(vectors, masks, strict=True)]

    def logits(ids: Any, vectors: Any, masks: Any, points: Any, target: Any) -> tuple[Any, ...]:
        return (compute_logits(ids, scale(vectors, masks, points), target),)

    def derivatives(ids: Any, vectors: Any, masks: Any, points: Any, target: Any) -> tuple[Any, ...]:
        scaled = scale(vectors, masks, points)
        with tf.GradientTape() as tape:
            tape.watch(scaled)
            logit = compute_logits(ids, scaled, target)
        gradients = tape.gradient(logit, scaled, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        triples = zip(gradients, vectors, masks, strict=True)
        return tuple(tf.reduce_sum(gradient * vector * mask, axis=-1) for gradient, vector, mask in triples)

    signature = [
        tf.TensorSpec((1, None), tf.int32),
        [tf.TensorSpec((1, None, layer.output.shape[-1]), tf.float32) for layer in embeddings],
        [tf.TensorSpec((1, None, 1), tf.float32) for _ in embeddings],
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((), tf.int32),
    ]
    trace = partial(tf.function, autograph=False, input_signature=signature)
    return trace(logits), trace(derivatives)
