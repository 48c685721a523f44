"""The rate of matrix products, the most that a network could be computed at: prints ``gflops`` as JSON."""

import json
import time

import tensorflow as tf

SIZE = 2048

a, b = tf.random.normal((SIZE, SIZE)), tf.random.normal((SIZE, SIZE))
product = tf.function(tf.matmul)
seconds = []
for _ in range(12):
    start = time.perf_counter()
    product(a, b).numpy()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"gflops": 2 * SIZE**3 / sorted(seconds)[len(seconds) // 2] / 1e9}))
