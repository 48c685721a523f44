"""The epochs of a training: what ``keras.Model.fit`` does, without reading every figure of every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras
import tensorflow as tf

from kerascnn.data.pipeline import WHOLE, Share
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.distribution import agree, shared_out


def run(
    trainer: keras.Model,
    batches: Callable[[int, Share], tf.data.Dataset],
    validation: Callable[[Share], tf.data.Dataset],
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
        callbacks: What happens between the epochs and batches, the checkpoint among it; batches tell no figures.
    """
    checkpoint.set_model(trainer)
    if resume:
        checkpoint.restore()
    strategy = trainer.distribute_strategy
    agree(strategy, {"the number of finished epochs": checkpoint.epoch})
    if checkpoint.finished or checkpoint.epoch >= epochs:
        checkpoint.restore_best()
        return
    training = iter(shared_out(strategy, partial(batches, checkpoint.epoch)))
    held_out, test_steps = iter(shared_out(strategy, validation)), int(validation(WHOLE).cardinality())
    test_step = _compiled(strategy, trainer.test_step)
    told = keras.callbacks.CallbackList(list(callbacks), model=trainer)
    trainer.stop_training = False
    told.on_train_begin()
    learning: list[str] = []
    for epoch in range(checkpoint.epoch, epochs):
        told.on_epoch_begin(epoch)
        if learning != (learning := [variable.path for variable in trainer.trainable_variables]):
            train_step = _compiled(strategy, trainer.train_step)  # some weights were frozen, or learn again
        trainer.reset_metrics()
        for step in range(steps):
            train_step(training)
            told.on_train_batch_end(step)
        logs = _figures(trainer)
        trainer.reset_metrics()
        for _ in range(test_steps):
            test_step(held_out)
        told.on_epoch_end(epoch, logs | {f"val_{name}": value for name, value in _figures(trainer).items()})
        if trainer.stop_training:
            break
    told.on_train_end()


def _compiled(strategy: tf.distribute.Strategy, step: Callable) -> Callable:
    """A step of every replica on the next batch, traced once for all sizes of batches."""

    def next_step(batches) -> None:
        strategy.run(step, args=(next(batches),))

    return tf.function(next_step, autograph=False)


def _figures(trainer: keras.Model) -> dict[str, float]:
    return {name: float(value) for name, value in trainer.get_metrics_result().items()}
