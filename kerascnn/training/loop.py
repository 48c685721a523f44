"""The epochs of a training: what ``keras.Model.fit`` does, without reading every figure of every batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import keras
import tensorflow as tf

from kerascnn.data.batches import ALL, Shard
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.distributed.strategies import check_workers_agree, distribute_batches

STEPS_PER_EXECUTION = 8
"""Steps of one device from one word of Python to the next; calling each of them costs a sixth of a small one."""


def run_epochs(
    trainer: keras.Model,
    batches: Callable[[int, Shard], tf.data.Dataset],
    validation: Callable[[Shard], tf.data.Dataset],
    checkpoint: Checkpoint,
    *,
    steps: int,
    epochs: int,
    resume: bool,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Train what is compiled until its last epoch or the end of patience; it ends with the weights of its best epoch.

    Args:
        trainer: Compiled, its optimizer built.
        batches: From an epoch on, the endless training batches, or a share of each.
        validation: The validation batches, of known number, or a share of each.
        checkpoint: Judges the epochs, and keeps the state.
        steps: Batches of an epoch.
        epochs: Epochs at the most.
        resume: Go on from the state of the checkpoint.
        callbacks: What happens between the epochs and batches, the checkpoint among it. Batches tell no figures, and
            of those that a device works through at once only the last is told of.
    """
    checkpoint.set_model(trainer)
    if resume:
        checkpoint.restore()
    strategy = trainer.distribute_strategy
    check_workers_agree(strategy, {"the number of finished epochs": checkpoint.epoch})
    if checkpoint.finished or checkpoint.epoch >= epochs:
        checkpoint.restore_best()
        return
    start = checkpoint.epoch
    training = iter(distribute_batches(strategy, partial(batches, start)))
    held_out, test_steps = iter(distribute_batches(strategy, validation)), int(validation(ALL).cardinality())
    test = _compiled(strategy, trainer.test_step)
    alone = strategy.num_replicas_in_sync == 1
    # What devices send each other has one size within a call, and that of the rows they touched differs by the step.
    at_once = STEPS_PER_EXECUTION if alone else 1
    told = keras.callbacks.CallbackList(list(callbacks), model=trainer)
    trainer.stop_training = False
    told.on_train_begin()
    learning: list[str] = []
    for epoch in range(start, epochs):
        told.on_epoch_begin(epoch)
        if learning != (learning := [variable.path for variable in trainer.trainable_variables]):
            train = _compiled(strategy, trainer.train_step)  # some weights were frozen, or learn again
        if alone and epoch == start:
            _make_ready(train, training, test, held_out)
        trainer.reset_metrics()
        for first in range(0, steps, at_once):
            number = min(at_once, steps - first)
            train(training, tf.constant(number))
            told.on_train_batch_end(first + number - 1)
        logs = _figures(trainer)
        trainer.reset_metrics()
        test(held_out, tf.constant(test_steps))
        told.on_epoch_end(epoch, logs | {f"val_{name}": value for name, value in _figures(trainer).items()})
        if trainer.stop_training:
            break
    told.on_train_end()


def _compiled(strategy: tf.distribute.Strategy, step: Callable) -> tf.types.experimental.PolymorphicFunction:
    """So many steps of every replica on the next batches, traced once for all numbers and all sizes of batches."""

    def next_steps(batches, number) -> None:
        def next_step(done):
            strategy.run(step, args=(next(batches),))
            return [done + 1]

        tf.while_loop(lambda done: done < number, next_step, [0], parallel_iterations=1)

    return tf.function(next_steps, autograph=False)


def _make_ready(
    train: tf.types.experimental.PolymorphicFunction, training: Iterator, test: Callable, held_out: Iterator
) -> None:
    """Let TensorFlow make validation ready, which takes one core, while it does so with training: no batch is read.

    What goes wrong there goes wrong again in the first validation, which tells of it.
    """
    train.get_concrete_function(training, tf.constant(0))  # not both at once in Python, where one waits for the other
    ThreadPoolExecutor(1).submit(test, held_out, tf.constant(0))


def _figures(trainer: keras.Model) -> dict[str, float]:
    return {name: float(value) for name, value in trainer.get_metrics_result().items()}
