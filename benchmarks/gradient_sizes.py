"""What the gradients of a training step are; a process of its own, for it starts TensorFlow.

python -m benchmarks.gradient_sizes ROWS.csv --models NAME... --batch-sizes N...

Prints a JSON object: ``documents_per_second`` of reading, counting words and making ids; ``text_bytes``, the mean
size of a text; and ``gradients``, for each model and batch size ``dense_bytes`` and, for each embedding, ``rows``,
``row_bytes`` and ``table_bytes``.
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
from kerascnn.config import Config, SourceConfig
from kerascnn.data.batches import RaggedIds, training_batches
from kerascnn.data.sources import read_rows
from kerascnn.text.vectorizer import Vectorizer

BATCHES = 10
"""Of the first epoch; what they touch is averaged."""


def gradients(model: keras.Model, batches: tf.data.Dataset) -> dict[str, Any]:
    """The sizes of the gradients of a model, each row of an embedding that a batch touches counted once.

    Args:
        model: Functional model, ids -> logits.
        batches: Of ids and the codes of classes.
    """
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    variables, touched = model.trainable_variables, defaultdict(list)
    for ids, codes, _ in batches:
        with tf.GradientTape() as tape:
            loss = loss_of(codes, model(ids, training=True))
        found = tape.gradient(loss, variables)
        for variable, gradient in zip(variables, found, strict=True):
            if isinstance(gradient, tf.IndexedSlices):
                touched[variable.path].append(int(tf.size(tf.unique(gradient.indices)[0])))
    return {
        "dense_bytes": sum(_bytes(variable) for variable in variables if variable.path not in touched),
        "embeddings": [
            {
                "rows": float(np.mean(touched[variable.path])),
                "row_bytes": _bytes(variable) // variable.shape[0] + gradient.indices.dtype.size,
                "table_bytes": _bytes(variable),
            }
            for variable, gradient in zip(variables, found, strict=True)
            if variable.path in touched
        ],
    }


def _bytes(variable: keras.Variable) -> int:
    return int(np.prod(variable.shape)) * tf.as_dtype(variable.dtype).size


def prepared(path: str, run: Config[Any]) -> tuple[list[str], Vectorizer, RaggedIds, list[Any]]:
    """The texts of a file, the vectorizer that they make, their ids, and their labels."""
    rows = list(read_rows([path], SourceConfig()))
    texts = [row.text for row in rows]
    vectorizer = Vectorizer.adapt(texts, run.text)
    return texts, vectorizer, RaggedIds(*vectorizer.encode(texts)), [row.label for row in rows]


def of_sizes(path: str, run: Config[Any], sizes: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The gradients of a model by the number of documents in a batch."""
    _, vectorizer, ids, labels = prepared(path, run)
    classes, codes = np.unique(labels, return_inverse=True)
    model = run.network.build(vocabulary_size=len(vectorizer.vocabulary), num_classes=len(classes)).model
    batches = partial(training_batches, ids, codes.astype(np.int32), seed=0, first_epoch=0)
    return {size: gradients(model, batches(size).take(BATCHES)) for size in sizes}


def main() -> None:
    """Read the rows, and print what the gradients of each model on them are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rows")
    parser.add_argument("--models", nargs="+", required=True)
    parser.add_argument("--batch-sizes", nargs="+", type=int, required=True)
    args = parser.parse_args()
    runs = {name: config.default_config(name) for name in args.models}
    first = runs[args.models[0]]
    prepared(args.rows, first)  # TensorFlow's own start is no part of the time
    start = time.perf_counter()
    texts, *_ = prepared(args.rows, first)
    seconds = time.perf_counter() - start
    print(json.dumps({
        "documents_per_second": len(texts) / seconds,
        "text_bytes": float(np.mean([len(text.encode()) for text in texts])),
        "gradients": {name: of_sizes(args.rows, run, args.batch_sizes) for name, run in runs.items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
