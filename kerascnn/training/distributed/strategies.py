"""More than one device: strategies of ``tf.distribute``, and what the processes of one training must agree on."""

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
from kerascnn.utils.errors import InputError


def create_strategy(name: str) -> tf.distribute.Strategy:
    """A strategy by its name in ``training.strategy``; for several processes, connected to the others.

    They find each other by ``TF_CONFIG``, or under SLURM by its own variables.

    Raises:
        InputError: TensorFlow cannot start it here.
    """
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    return _multi_worker_strategy()


@functools.cache
def _multi_worker_strategy() -> tf.distribute.Strategy:
    """What all trainings of this process share: to start anew would take away what another process is about to read."""
    resolver = _resolver()
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"training.strategy multi_worker cannot be started: {reason}") from None


def is_chief(name: str) -> bool:
    """Whether this process is the one that writes, under a strategy by its name."""
    if name != "multi_worker":
        return True
    resolver = _resolver()
    return resolver.task_id == 0 and (resolver.task_type == "chief" or "chief" not in resolver.cluster_spec().jobs)


def _resolver() -> tf.distribute.cluster_resolver.ClusterResolver:
    if given := os.environ.get("TF_CONFIG"):
        resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        try:
            if resolver.cluster_spec().task_address(resolver.task_type, resolver.task_id):
                return resolver
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"the environment variable TF_CONFIG, {given!r}, names no worker ({error})") from None
    if "SLURM_PROCID" in os.environ:
        return _of_slurm()
    raise InputError(
        "training.strategy multi_worker: this process does not know the others; set TF_CONFIG as"
        ' {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}, or start it under SLURM'
    )


def _of_slurm() -> tf.distribute.cluster_resolver.ClusterResolver:
    """The place that SLURM gives this process, with the devices that TensorFlow sees here.

    TensorFlow's own resolver finds out who the others are. It would also count the graphics cards and share them out,
    and fails where there are none; that is srun's business.
    """
    try:
        tasks = int(os.environ["SLURM_STEP_NUM_TASKS"])
        found = tf.distribute.cluster_resolver.SlurmClusterResolver(
            gpus_per_node=tasks, gpus_per_task=1, auto_set_gpu=False
        )
        cluster = found.cluster_spec()
        address = cluster.task_address(found.task_type, found.task_id)
    except (KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"SLURM's variables name no worker ({error}); start every process with srun") from None
    node, place = os.environ.get("SLURMD_NODENAME", ""), address.rpartition(":")[0]
    if node and node != place:
        raise InputError(
            f"SLURM runs process {found.task_id} on {node}, and TensorFlow, which sorts nodes by name, looks for it on"
            f" {place}; set TF_CONFIG, or take nodes whose names are equally long"
        )
    return tf.distribute.cluster_resolver.SimpleClusterResolver(
        cluster,
        task_type=found.task_type,
        task_id=found.task_id,
        rpc_layer="grpc",
        num_accelerators={"GPU": len(tf.config.list_physical_devices("GPU"))},
    )


@contextmanager
def mirror_model(strategy: tf.distribute.Strategy, model: keras.Model) -> Iterator[keras.Model]:
    """A model that is trained under a strategy in place of the given one, which gets its weights in the end.

    Raises:
        InputError: Another process of the training was lost.
    """
    if strategy is tf.distribute.get_strategy():
        yield model
        return
    with strategy.scope(), _report_lost_worker():
        twin = keras.models.clone_model(model, clone_function=_for_devices)
        twin.set_weights(model.get_weights())
        yield twin
    model.set_weights(twin.get_weights())


@contextmanager
def _report_lost_worker() -> Iterator[None]:
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError):
        raise InputError("another process of this training was lost; start all of them again with --resume") from None


def _for_devices(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A layer like another one, for the parts of a batch: what batch normalization sees is the whole."""
    settings = layer.get_config()
    if isinstance(layer, keras.layers.BatchNormalization):
        settings["synchronized"] = True
    return layer.__class__.from_config(settings)


def distribute_batches(
    strategy: tf.distribute.Strategy, batches: Callable[[Shard], tf.data.Dataset]
) -> tf.distribute.DistributedDataset:
    """Batches, again and again, of which each replica gets its part, made where it is."""

    def of_process(context: tf.distribute.InputContext) -> tf.data.Dataset:
        here = context.num_replicas_in_sync // context.num_input_pipelines
        share = Shard(context.input_pipeline_id * here, here, context.num_replicas_in_sync)
        # of what may end the processes would ask each other before every batch whether all of them have one
        return batches(share).repeat()

    return strategy.distribute_datasets_from_function(of_process)


def check_workers_agree(strategy: tf.distribute.Strategy, facts: dict[str, Any]) -> None:
    """Make sure that the processes of one training train the same.

    Args:
        strategy: Every process calls this with its own.
        facts: Name to value, of what must be the same everywhere.

    Raises:
        InputError: A process has another value; the message names it. Or a process was lost.
    """
    if strategy.cluster_resolver is None or strategy.num_replicas_in_sync == 1:
        return
    told = np.frombuffer(json.dumps(facts, sort_keys=True).encode(), np.uint8).astype(np.int32)
    lengths = _all_gather(strategy, np.array([len(told)], np.int32))
    everything = _all_gather(strategy, np.pad(told, (0, lengths.max() - len(told)))).reshape(len(lengths), -1)
    first = json.loads(json.dumps(facts))
    for process, (length, row) in enumerate(zip(lengths, everything, strict=True)):
        other = json.loads(row[:length].astype(np.uint8).tobytes())
        for name in {**first, **other}:
            if first.get(name) != other.get(name):
                raise InputError(
                    f"the processes of this training do not agree: {name} is {first.get(name)!r} in process"
                    f" {strategy.cluster_resolver.task_id} and {other.get(name)!r} in process {process}"
                )


def _all_gather(strategy: tf.distribute.Strategy, values: np.ndarray) -> np.ndarray:
    """The arrays of all processes, one after the other."""
    replicas = len(strategy.extended.worker_devices)
    own = strategy.experimental_distribute_values_from_function(lambda _: tf.constant(values))
    with _report_lost_worker():
        gathered = strategy.gather(own, axis=0).numpy()
    return gathered.reshape(-1, replicas, len(values))[:, 0].reshape(-1)
