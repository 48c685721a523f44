"""Measure the sizes of the gradients of a training step, in a process of its own because it starts TensorFlow.

python -m benchmarks.gradient_sizes ROWS.csv --models NAME... --batch-sizes N...

Prints a JSON object: ``documents_per_second`` of reading rows, building the vocabulary and encoding; ``text_bytes``,
the mean size of a text; and ``gradients``, for each model and batch size ``dense_bytes`` and, for each embedding,
``rows``, ``row_bytes`` and ``table_bytes``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn import config
from kerascnn.config import Config
from kerascnn.data.batches import training_batches
from kerascnn.data.config import SourceConfig
from kerascnn.data.ragged import RaggedIds
from kerascnn.data.sources import read_rows
from kerascnn.text.vectorizer import Vectorizer

NUM_BATCHES = 10
"""Batches of the first epoch over which sizes are averaged."""


def measure_gradients(model: keras.Model, batches: tf.data.Dataset) -> dict[str, Any]:
    """Return the sizes of the gradients of a model. A row of an embedding counts once per batch.

    Args:
        model: Functional model, ids -> logits.
        batches: Batches of ids, targets and sample weights.
    """
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    variables, rows_of = model.trainable_variables, defaultdict(list)
    for ids, targets, _ in batches:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(ids, targets, model(ids, training=True))
        gradients = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, gradients, strict=True):
            if isinstance(gradient, tf.IndexedSlices):
                rows_of[variable.path].append(int(tf.size(tf.unique(gradient.indices)[0])))
    return {
        "dense_bytes": sum(_bytes(variable) for variable in variables if variable.path not in rows_of),
        "embeddings": [
            {
                "rows": float(np.mean(rows_of[variable.path])),
                "row_bytes": _bytes(variable) // variable.shape[0] + gradient.indices.dtype.size,
                "table_bytes": _bytes(variable),
            }
            for variable, gradient in zip(variables, gradients, strict=True)
            if variable.path in rows_of
        ],
    }


def _bytes(variable: keras.Variable) -> int:
    return int(np.prod(variable.shape) * tf.as_dtype(variable.dtype).size)


def prepare(path: str, run: Config[Any]) -> tuple[list[str], Vectorizer, RaggedIds, list[Any]]:
    """Return the texts of a file, their vectorizer, ids and labels."""
    rows = list(read_rows([path], SourceConfig()))
    texts = [row.text for row in rows]
    vectorizer = Vectorizer.adapt(texts, run.text)
    return texts, vectorizer, RaggedIds(*vectorizer.encode(texts)), [row.label for row in rows]


def measure_batch_sizes(path: str, run: Config[Any], sizes: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the gradient sizes of a model for each batch size."""
    _, vectorizer, ids, labels = prepare(path, run)
    classes, targets = np.unique(labels, return_inverse=True)
    model = run.network.build(vocabulary_size=len(vectorizer.vocabulary), num_classes=len(classes)).model
    batches = partial(training_batches, ids, targets.astype(np.int32), seed=0, first_epoch=0)
    return {size: measure_gradients(model, batches(size).take(NUM_BATCHES)) for size in sizes}


def main() -> None:
    """Print the gradient sizes of each model on the rows of a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--batch-sizes", nargs="+", type=int, required=True)
    args = parser.parse_args()
    runs = {name: config.default_config(name) for name in args.models}
    first = runs[args.models[0]]
    prepare(args.rows, first)  # exclude the start of TensorFlow from the time
    start = time.perf_counter()
    texts, *_ = prepare(args.rows, first)
    seconds = time.perf_counter() - start
    print(json.dumps({
        "documents_per_second": len(texts) / seconds,
        "text_bytes": float(np.mean([len(text.encode()) for text in texts])),
        "gradients": {name: measure_batch_sizes(args.rows, run, args.batch_sizes) for name, run in runs.items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
