"""All-reduce of gradients over replicas, in a process of its own because devices are configured once."""

import json
import subprocess
import sys

PROGRAM = """
import json
import tensorflow as tf
from kerascnn.training.distributed.all_reduce import all_reduce_gradients

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 3)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1", "CPU:2"])
rows = tf.ragged.constant([[5, 2, 5], [2], [7, 0, 1, 2]])

@tf.function
def step():
    def replica():
        here = tf.distribute.get_replica_context().replica_id_in_sync_group
        number = tf.cast(here + 1, tf.float32)
        own = rows[here]
        values = number * tf.ones((tf.size(own), 2))
        table = tf.IndexedSlices(values, own, tf.constant([9, 2]))
        other = tf.IndexedSlices(values[:, :1], 8 - own, tf.constant([9, 1]))
        gradients = [number * tf.ones(2), table, None, other, table]
        return [None if g is None else tf.convert_to_tensor(g) if dense else g.indices
                for g, dense in zip(all_reduce_gradients(gradients), [1, 1, 1, 1, 0])]
    return strategy.run(replica)

results = [strategy.experimental_local_results(value) for value in step()]
print(json.dumps([[None if x is None else x.numpy().tolist() for x in values] for values in results]))
"""


def test_replicas_get_equal_sums_of_dense_gradients_and_of_all_touched_rows():
    finished = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    dense, table, nothing, other, rows = json.loads(finished.stdout.splitlines()[-1])
    assert all(values == [values[0]] * 3 for values in (dense, table, other, rows))
    assert dense[0] == [6, 6]
    assert table[0] == [[3, 3], [3, 3], [1 + 2 + 3] * 2, [0, 0], [0, 0], [1 + 1] * 2, [0, 0], [3, 3], [0, 0]]
    assert other[0] == [[row[0]] for row in reversed(table[0])]
    assert nothing == [None] * len(nothing)
    assert sorted(rows[0]) == [0, 1, 2, 5, 7]
