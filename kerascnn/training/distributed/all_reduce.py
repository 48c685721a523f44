"""What the replicas of a training send each other in a step: gradients, summed in as few messages as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

Gradient = Any
"""A tensor, sparse (``tf.IndexedSlices``) for an embedding, or None for a weight without one."""


def all_reduce_gradients(gradients: Sequence[Gradient]) -> list[Gradient]:
    """The sum of the gradients of all replicas, the same in each; called within a training step.

    ``all_reduce`` of TensorFlow gathers sparse gradients: each replica gets the rows of all others, in five messages a
    table. Here two small messages tell which rows any replica has touched. These rows, zeros where a replica did not
    touch one, are then added up together with the dense gradients, in one message. The first two need nothing but the
    ids, so that they travel while the gradients are computed.

    Args:
        gradients: Of each weight.

    Returns:
        Alike; of a sparse gradient each row once.
    """
    gradients = list(map(sum_repeated_rows, gradients))
    replicas = tf.distribute.get_replica_context()
    if replicas.num_replicas_in_sync == 1:
        return gradients
    known = [number for number, gradient in enumerate(gradients) if gradient is not None]
    sparse = [number for number in known if isinstance(gradients[number], tf.IndexedSlices)]
    wanted = dict(zip(sparse, _gather_touched_rows([gradients[number].indices for number in sparse]), strict=True))
    values = [_scatter_rows(gradients[n], *wanted[n]) if n in wanted else gradients[n] for n in known]
    for number, total in zip(known, replicas.all_reduce(tf.distribute.ReduceOp.SUM, values), strict=True):
        if number in wanted:
            total = tf.IndexedSlices(total, wanted[number][0], gradients[number].dense_shape)
        gradients[number] = total
    return gradients


def sum_repeated_rows(gradient: Gradient) -> Gradient:
    """A gradient whose repeated rows are added up."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, positions = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, positions, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _gather_touched_rows(tables: Sequence[tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
    """The rows of each table that any replica has touched, and where among them those of this one are."""
    if not tables:
        return []
    replicas = tf.distribute.get_replica_context()
    count, here = replicas.num_replicas_in_sync, replicas.replica_id_in_sync_group
    sizes = tf.stack([tf.size(rows) for rows in tables])
    sizes = _all_gather(tf.one_hot(here, count, dtype=tf.int32)[:, None] * sizes)  # (replicas, tables)
    before = tf.reduce_sum(sizes[:here])
    after = tf.reduce_sum(sizes[here + 1 :])
    rows = _all_gather(tf.pad(tf.concat(tables, axis=0), [[before, after]]))
    parts = tf.split(rows, tf.reshape(sizes, [-1]), num=count * len(tables))
    found = []
    for number, own in enumerate(tables):
        union, positions = tf.unique(tf.concat(parts[number :: len(tables)], axis=0))
        start = tf.reduce_sum(sizes[:here, number])
        found.append((union, positions[start : start + tf.size(own)]))
    return found


def _all_gather(own: tf.Tensor) -> tf.Tensor:
    """What all replicas put into an array, each in a place of its own and zeros elsewhere."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)


def _scatter_rows(gradient: tf.IndexedSlices, union: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """The rows of a gradient at their places among others, zeros for those: (rows of all, width)."""
    shape = tf.concat([tf.shape(union), tf.shape(gradient.values)[1:]], axis=0)
    return tf.scatter_nd(positions[:, None], gradient.values, shape)
