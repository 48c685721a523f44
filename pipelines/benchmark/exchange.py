"""How long the processes of a training need to exchange the gradients of a step; each a process of its own.

python -m pipelines.benchmark.exchange GRADIENTS

The argument is what ``pipelines.benchmark.gradients`` prints of a model and a batch size; TF_CONFIG names the
processes. Prints the median in milliseconds.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import tensorflow as tf

from kerascnn.training import distribution

FLOAT = 4
WARM_UP, REPEATS = 10, 100


def made_up(gradients: dict[str, Any]) -> list[tf.Tensor | tf.IndexedSlices]:
    """Gradients of given sizes: all dense ones in one piece, in which they are sent anyway."""
    found: list[tf.Tensor | tf.IndexedSlices] = [tf.ones(max(1, gradients["dense_bytes"] // FLOAT))]
    for embedding in gradients["embeddings"]:
        rows, width = round(embedding["rows"]), embedding["row_bytes"] // FLOAT - 1
        shape = tf.constant([embedding["table_bytes"] // FLOAT // width, width])
        found.append(tf.IndexedSlices(tf.ones((rows, width)), tf.range(rows), shape))
    return found


def exchange(strategy: tf.distribute.Strategy, gradients: dict[str, Any]) -> float:
    """The median milliseconds of what a training step exchanges: the number of documents, then the gradients."""

    def all_reduced():
        replicas = tf.distribute.get_replica_context()
        documents = replicas.all_reduce(tf.distribute.ReduceOp.SUM, tf.constant(1.0))
        scaled = [
            tf.IndexedSlices(g.values / documents, g.indices, g.dense_shape) if isinstance(g, tf.IndexedSlices)
            else g / documents
            for g in made_up(gradients)
        ]  # fmt: skip
        replicas.all_reduce(tf.distribute.ReduceOp.SUM, scaled)

    step = tf.function(lambda: strategy.run(all_reduced), autograph=False)
    seconds = []
    for _ in range(WARM_UP + REPEATS):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return 1e3 * statistics.median(seconds[WARM_UP:])


def main() -> None:
    """Exchange the gradients, and for comparison ones of one number each."""
    gradients = json.loads(sys.argv[1])
    strategy = distribution.start("multi_worker")
    nothing = [embedding | {"rows": 1, "row_bytes": 2 * FLOAT} for embedding in gradients["embeddings"]]
    print(json.dumps({
        "milliseconds": exchange(strategy, gradients),
        "milliseconds_of_nothing": exchange(strategy, {"dense_bytes": FLOAT, "embeddings": nothing}),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
