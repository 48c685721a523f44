"""How long the processes of a training need to exchange the gradients of a step; each a process of its own.

python -m benchmarks.all_reduce_time PART WHOLE

The arguments are what ``benchmarks.gradient_sizes`` prints of a model for the documents that a process has of a
step, and for those of all processes; TF_CONFIG names the processes. Prints a JSON object: ``milliseconds`` of an
exchange, ``milliseconds_of_nothing`` of one of single numbers, and ``row_microseconds``, what the optimizer takes to
update a row of an embedding; medians.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.training.distributed import strategies
from kerascnn.training.distributed.all_reduce import all_reduce_gradients
from kerascnn.training.optimizers import LazyAdam

FLOAT = 4
WARM_UP, REPEATS = 10, 100


def milliseconds(step: Callable[[], Any]) -> float:
    """The median of a step, compiled."""
    compiled, seconds = tf.function(step, autograph=False), []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        compiled()
        seconds.append(time.perf_counter() - start)
    return 1e3 * statistics.median(seconds[WARM_UP:])


def exchange(strategy: tf.distribute.Strategy, part: dict[str, Any], whole: dict[str, Any]) -> float:
    """The median milliseconds of an exchange; all dense gradients are one piece, in which they are sent anyway."""

    def step() -> None:
        here = tf.distribute.get_replica_context().replica_id_in_sync_group
        gradients: list[tf.Tensor | tf.IndexedSlices] = [tf.ones(max(1, part["dense_bytes"] // FLOAT))]
        for own, everyones in zip(part["embeddings"], whole["embeddings"], strict=True):
            rows = _rows(own)
            # as many rows have two in common as they have in truth
            numbers = tf.range(rows) + here * (_rows(everyones) - rows)
            gradients.append(tf.IndexedSlices(tf.ones((rows, _width(own))), numbers, tf.constant(_shape(own))))
        all_reduce_gradients(gradients)

    return milliseconds(lambda: strategy.run(step))


def row_update(gradients: dict[str, Any]) -> float:
    """The microseconds that the optimizer takes to update a row, anywhere in the tables; 0 without tables."""
    tables = [keras.Variable(np.zeros(_shape(embedding), np.float32)) for embedding in gradients["embeddings"]]
    if not tables:
        return 0.0
    optimizer = LazyAdam()
    optimizer.build(tables)
    generator = np.random.default_rng(0)

    def update(counts: list[int]) -> float:
        found = []
        for table, count in zip(tables, counts, strict=True):
            numbers = generator.permutation(table.shape[0])[:count].astype(np.int32)
            found.append(tf.IndexedSlices(tf.ones((count, table.shape[1])), tf.constant(numbers), table.shape))
        return milliseconds(lambda: optimizer.apply(found, tables))

    counts = [_rows(embedding) for embedding in gradients["embeddings"]]
    return 1e3 * (update(counts) - update([1] * len(tables))) / sum(counts)


def _rows(embedding: dict[str, Any]) -> int:
    return max(1, round(embedding["rows"]))


def _width(embedding: dict[str, Any]) -> int:
    return embedding["row_bytes"] // FLOAT - 1


def _shape(embedding: dict[str, Any]) -> tuple[int, int]:
    return embedding["table_bytes"] // FLOAT // _width(embedding), _width(embedding)


def main() -> None:
    """Exchange the gradients, and for comparison ones of one number each."""
    part, whole = map(json.loads, sys.argv[1:])
    strategy = strategies.create_strategy("multi_worker")
    single = {"rows": 1, "row_bytes": 2 * FLOAT, "table_bytes": FLOAT}
    nothing = {"dense_bytes": FLOAT, "embeddings": [single for _ in part["embeddings"]]}
    print(json.dumps({
        "milliseconds": exchange(strategy, part, whole),
        "milliseconds_of_nothing": exchange(strategy, nothing, nothing),
        "row_microseconds": row_update(whole),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
