"""The epochs of a training: what ``keras.Model.fit`` does, without reading every figure of every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from kerascnn.training.checkpoint import Checkpoint


def run(
    trainer: keras.Model,
    batches: Callable[[int], tf.data.Dataset],
    validation: tf.data.Dataset,
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
        batches: From an epoch on, the endless training batches.
        validation: The validation batches, of known number.
        checkpoint: Judges the epochs, and keeps the state.
        steps: Batches of an epoch.
        epochs: Epochs at the most.
        resume: Go on from the state of the checkpoint.
        callbacks: What happens between the epochs and batches, the checkpoint among it; batches tell no figures.
    """
    checkpoint.set_model(trainer)
    if resume:
        checkpoint.restore()
    if checkpoint.finished or checkpoint.epoch >= epochs:
        checkpoint.restore_best()
        return
    strategy = trainer.distribute_strategy
    training, held_out = map(strategy.experimental_distribute_dataset, (batches(checkpoint.epoch), validation))
    training, test_step = iter(training), _compiled(strategy, trainer.test_step)
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
        documents = iter(held_out)
        for _ in range(int(validation.cardinality())):
            test_step(documents)
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
