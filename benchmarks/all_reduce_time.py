"""Measure how long the workers of a distributed training take to exchange the gradients of a step.

python -m benchmarks.all_reduce_time PART WHOLE

Every worker of the cluster in TF_CONFIG runs this program. The arguments are the sizes that
``benchmarks.gradient_sizes`` prints of a model for the documents that one worker has in a step, and for those of all
workers. Prints a JSON object of medians: ``milliseconds`` of an exchange, ``milliseconds_of_nothing`` of an exchange of
single numbers, and ``row_microseconds``, the time of the optimizer to update one row of an embedding.
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

FLOAT_BYTES = 4
WARM_UP, REPEATS = 10, 100


def median_milliseconds(step: Callable[[], Any]) -> float:
    """Return the median time of a compiled step."""
    compiled, seconds = tf.function(step, autograph=False), []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        compiled()
        seconds.append(time.perf_counter() - start)
    return 1e3 * statistics.median(seconds[WARM_UP:])


def exchange_milliseconds(strategy: tf.distribute.Strategy, part: dict[str, Any], whole: dict[str, Any]) -> float:
    """Return the median time of an exchange.

    All dense gradients are one tensor here, because they are packed into one for the exchange anyway.

    Args:
        strategy: The strategy of the cluster.
        part: Gradient sizes of the documents of one worker.
        whole: Gradient sizes of the documents of all workers.
    """

    def step() -> None:
        worker = tf.distribute.get_replica_context().replica_id_in_sync_group
        gradients: list[tf.Tensor | tf.IndexedSlices] = [tf.ones(max(1, part["dense_bytes"] // FLOAT_BYTES))]
        for own, total in zip(part["embeddings"], whole["embeddings"], strict=True):
            rows = _rows(own)
            # the gradients of two workers share as many rows as in a real step
            indices = tf.range(rows) + worker * (_rows(total) - rows)
            gradients.append(tf.IndexedSlices(tf.ones((rows, _width(own))), indices, tf.constant(_shape(own))))
        all_reduce_gradients(gradients)

    return median_milliseconds(lambda: strategy.run(step))


def row_update_microseconds(gradients: dict[str, Any]) -> float:
    """Return the time of the optimizer to update one random row of an embedding; 0 without embeddings."""
    tables = [keras.Variable(np.zeros(_shape(embedding), np.float32)) for embedding in gradients["embeddings"]]
    if not tables:
        return 0.0
    optimizer: Any = LazyAdam()
    optimizer.build(tables)
    generator = np.random.default_rng(0)

    def update_milliseconds(counts: list[int]) -> float:
        slices = []
        for table, count in zip(tables, counts, strict=True):
            indices = generator.permutation(table.shape[0])[:count].astype(np.int32)
            slices.append(tf.IndexedSlices(tf.ones((count, table.shape[1])), tf.constant(indices), table.shape))
        return median_milliseconds(lambda: optimizer.apply(slices, tables))

    counts = [_rows(embedding) for embedding in gradients["embeddings"]]
    return 1e3 * (update_milliseconds(counts) - update_milliseconds([1] * len(tables))) / sum(counts)


def _rows(embedding: dict[str, Any]) -> int:
    return max(1, round(float(embedding["rows"])))


def _width(embedding: dict[str, Any]) -> int:
    return int(embedding["row_bytes"]) // FLOAT_BYTES - 1


def _shape(embedding: dict[str, Any]) -> tuple[int, int]:
    return int(embedding["table_bytes"]) // FLOAT_BYTES // _width(embedding), _width(embedding)


def main() -> None:
    """Measure an exchange of the gradients, an exchange of single numbers, and the update of a row."""
    part, whole = map(json.loads, sys.argv[1:])
    strategy = strategies.create_strategy("multi_worker")
    single = {"rows": 1, "row_bytes": 2 * FLOAT_BYTES, "table_bytes": FLOAT_BYTES}
    nothing = {"dense_bytes": FLOAT_BYTES, "embeddings": [single for _ in part["embeddings"]]}
    times = {
        "milliseconds": exchange_milliseconds(strategy, part, whole),
        "milliseconds_of_nothing": exchange_milliseconds(strategy, nothing, nothing),
        "row_microseconds": row_update_microseconds(whole),
    }
    print(json.dumps(times))


if __name__ == "__main__":
    main()
