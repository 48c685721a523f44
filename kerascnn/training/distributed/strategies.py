"""``tf.distribute`` strategies for several devices and workers, and the check that workers agree."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data.batches import Shard
from kerascnn.layers import QuantizedEmbedding
from kerascnn.utils.errors import InputError


def create_strategy(name: str) -> tf.distribute.Strategy:
    """Return a strategy by its name in ``training.strategy``; with several workers, connected to the others.

    Workers find each other by ``TF_CONFIG``, or by the variables of SLURM.

    Raises:
        InputError: TensorFlow cannot start it here.
    """
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    return _create_multi_worker_strategy()


@functools.cache
def _create_multi_worker_strategy() -> tf.distribute.Strategy:
    """Return the strategy of all trainings of this process; a second one would close the connection of the first."""
    resolver = _find_resolver()
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"training.strategy multi_worker cannot be started: {reason}") from None


def is_chief(name: str) -> bool:
    """Return whether this process writes the files, under a strategy by its name."""
    if name != "multi_worker":
        return True
    resolver = _find_resolver()
    return resolver.task_id == 0 and (resolver.task_type == "chief" or "chief" not in resolver.cluster_spec().jobs)


def _find_resolver() -> tf.distribute.cluster_resolver.ClusterResolver:
    if given := os.environ.get("TF_CONFIG"):
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        try:
            if resolver.cluster_spec().task_address(resolver.task_type, resolver.task_id):
                return resolver
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"the environment variable TF_CONFIG, {given!r}, names no worker ({error})") from None
    if "SLURM_PROCID" in os.environ:
        return _find_slurm_resolver()
    raise InputError(
        "training.strategy multi_worker: the addresses of the other workers are unknown; set TF_CONFIG to"
        ' {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}, or start with srun'
    )


def _find_slurm_resolver() -> tf.distribute.cluster_resolver.ClusterResolver:
    """Return the address of this process under SLURM, with the devices that TensorFlow sees.

    TensorFlow's own resolver finds the addresses. It would also distribute the GPUs, which is srun's task, and fails on
    machines without any.
    """
    try:
        tasks = int(os.environ["SLURM_STEP_NUM_TASKS"])
        resolver = tf.distribute.cluster_resolver.SlurmClusterResolver(
            gpus_per_node=tasks, gpus_per_task=1, auto_set_gpu=False
        )
        cluster = resolver.cluster_spec()
        address = cluster.task_address(resolver.task_type, resolver.task_id)
    except (KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"SLURM's variables name no worker ({error}); start every process with srun") from None
    node, host = os.environ.get("SLURMD_NODENAME", ""), address.rpartition(":")[0]
    if node and node != host:
        raise InputError(
            f"SLURM runs process {resolver.task_id} on {node}; TensorFlow sorts nodes by name and expects it on {host};"
            " set TF_CONFIG, or use nodes with names of the same length"
        )
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        cluster,
        task_type=resolver.task_type,
        task_id=resolver.task_id,
        rpc_layer="grpc",
        num_accelerators={"GPU": len(tf.config.list_physical_devices("GPU"))},
    )


@contextmanager
def mirror_model(strategy: tf.distribute.Strategy, model: keras.Model) -> Iterator[keras.Model]:
    """Copy a model to the devices of a strategy, and its weights back at the end.

    Yields:
        The copy to train; the model itself without a strategy.

    Raises:
        InputError: The connection to another worker was lost.
    """
    if strategy is tf.distribute.get_strategy():
        yield model
        return
    with strategy.scope(), _report_lost_worker():
        mirrored = keras.models.clone_model(model, clone_function=_clone_layer)
        mirrored.set_weights(model.get_weights())
        yield mirrored
    model.set_weights(mirrored.get_weights())


@contextmanager
def _report_lost_worker() -> Iterator[None]:
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError):
        raise InputError("lost the connection to another worker; start all workers again with --resume") from None


def _clone_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Copy a layer; batch normalization uses the statistics of the whole batch on all devices.

    A table of 8-bit numbers, which never changes, is shared: TensorFlow does not broadcast bytes to other workers.
    """
    if isinstance(layer, QuantizedEmbedding):
        return layer
    config = layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
        config["synchronized"] = True
    return layer.__class__.from_config(config)


def distribute_batches(
    strategy: tf.distribute.Strategy, batches: Callable[[Shard], tf.data.Dataset]
) -> tf.distribute.DistributedDataset:
    """Return a dataset that repeats batches and gives each replica its part; each worker makes the parts it needs."""

    def worker_batches(context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = context.num_replicas_in_sync // context.num_input_pipelines
        shard = Shard(context.input_pipeline_id * replicas, replicas, context.num_replicas_in_sync)
        # before each batch of a finite dataset the workers would ask each other whether all of them have one
        return batches(shard).repeat()

    return strategy.distribute_datasets_from_function(worker_batches)


def check_workers_agree(strategy: tf.distribute.Strategy, facts: dict[str, Any]) -> None:
    """Check that all workers have the same settings and data; every worker calls this.

    Args:
        strategy: The strategy of this worker.
        facts: Name to value of everything that must be equal in all workers.

    Raises:
        InputError: A worker has another value, which the message names, or the connection to one was lost.
    """
    if strategy.cluster_resolver is None or strategy.num_replicas_in_sync == 1:
        return
    encoded = np.frombuffer(json.dumps(facts, sort_keys=True).encode(), np.uint8).astype(np.int32)
    lengths = _all_gather(strategy, np.array([len(encoded)], np.int32))
    rows = _all_gather(strategy, np.pad(encoded, (0, lengths.max() - len(encoded)))).reshape(len(lengths), -1)
    own = json.loads(json.dumps(facts))
    for worker, (length, row) in enumerate(zip(lengths, rows, strict=True)):
        other = json.loads(row[:length].astype(np.uint8).tobytes())
        for name in {**own, **other}:
            if own.get(name) != other.get(name):
                raise InputError(
                    f"the workers do not agree: {name} is {own.get(name)!r} in worker"
                    f" {strategy.cluster_resolver.task_id} and {other.get(name)!r} in worker {worker}; start all with"
                    " the same options and data"
                )


def _all_gather(strategy: tf.distribute.Strategy, values: np.ndarray) -> np.ndarray:
    """Return the arrays of all workers, one after the other, (workers * values,)."""
    replicas = len(strategy.extended.worker_devices)
    distributed = strategy.experimental_distribute_values_from_function(lambda _: tf.constant(values))
    with _report_lost_worker():
        gathered: np.ndarray = strategy.gather(distributed, axis=0).numpy()
    return gathered.reshape(-1, replicas, len(values))[:, 0].reshape(-1)
