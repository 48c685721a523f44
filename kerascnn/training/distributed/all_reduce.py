"""All-reduce of gradients over the replicas of a training, in as few messages as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

Gradient = Any
"""A tensor, ``tf.IndexedSlices`` (sparse) for an embedding, or None for a weight without a gradient."""


def all_reduce_gradients(gradients: Sequence[Gradient]) -> list[Gradient]:
    """Return the sums of gradients over all replicas, the same on each; called within a training step.

    TensorFlow's ``all_reduce`` gathers sparse gradients: each replica receives the rows of all others, in five messages
    per table. Here two small messages exchange which rows any replica has touched. These rows, zeros where a replica
    has not touched one, are then summed with the dense gradients in one message. The first two messages depend on the
    ids alone, and travel while the gradients are computed.

    Args:
        gradients: Gradient of each weight.

    Returns:
        The sums, in the same form; each row of a sparse gradient occurs once.
    """
    gradients = list(map(sum_repeated_rows, gradients))
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return gradients
    present = [index for index, gradient in enumerate(gradients) if gradient is not None]
    sparse = [index for index in present if isinstance(gradients[index], tf.IndexedSlices)]
    touched = dict(zip(sparse, _gather_touched_rows([gradients[index].indices for index in sparse]), strict=True))
    values = [_scatter_rows(gradients[i], *touched[i]) if i in touched else gradients[i] for i in present]
    for index, total in zip(present, context.all_reduce(tf.distribute.ReduceOp.SUM, values), strict=True):
        if index in touched:
            total = tf.IndexedSlices(total, touched[index][0], gradients[index].dense_shape)
        gradients[index] = total
    return gradients


def sum_repeated_rows(gradient: Gradient) -> Gradient:
    """Return a gradient in which each row occurs once; dense gradients are returned unchanged."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, positions = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, positions, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _gather_touched_rows(tables: Sequence[tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """Return the rows of each table that any replica has touched, and the positions of this replica's rows in them.

    Args:
        tables: Rows of each table that this replica has touched, int (rows,).
    """
    if not tables:
        return []
    context = tf.distribute.get_replica_context()
    count, replica = context.num_replicas_in_sync, context.replica_id_in_sync_group
    sizes = tf.stack([tf.size(rows) for rows in tables])
    sizes = _all_gather(tf.one_hot(replica, count, dtype=tf.int32)[:, None] * sizes)  # (replicas, tables)
    before = tf.reduce_sum(sizes[:replica])
    after = tf.reduce_sum(sizes[replica + 1 :])
    rows = _all_gather(tf.pad(tf.concat(tables, axis=0), [[before, after]]))
    parts = tf.split(rows, tf.reshape(sizes, [-1]), num=count * len(tables))
    touched = []
    for table, own_rows in enumerate(tables):
        union, positions = tf.unique(tf.concat(parts[table :: len(tables)], axis=0))
        start = tf.reduce_sum(sizes[:replica, table])
        touched.append((union, positions[start : start + tf.size(own_rows)]))
    return touched


def _all_gather(own: tf.Tensor) -> tf.Tensor:
    """Return the entries of all replicas; each fills its own part of the tensor and leaves zeros in the others."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)


def _scatter_rows(gradient: tf.IndexedSlices, union: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Return the rows of a gradient at their positions in a union of rows, zeros elsewhere: (union, width)."""
    shape = tf.concat([tf.shape(union), tf.shape(gradient.values)[1:]], axis=0)
    return tf.scatter_nd(positions[:, None], gradient.values, shape)
