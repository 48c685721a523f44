"""``keras.Model.fit`` with several training steps per call of Python, exact resume, and several workers.

The functions that Keras makes for ``fit`` cannot be used: on endless batches they run past an epoch that is not a
multiple of ``steps_per_execution`` steps, they return the logs of the last step from every worker
(``MultiWorkerMirroredStrategy`` then fails), and they average the metrics over all replicas in every step. With the
functions of ``MultiStepModel``, ``fit`` takes the CPU time of a hand-written loop, within the noise of 5 % (5,400
documents of ten words, ten epochs on two cores), and ends with the same weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from kerascnn.data.batches import ALL, Shard
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.distributed.strategies import check_workers_agree, distribute_batches
from kerascnn.training.keras_internals import ReplicatedModel
from kerascnn.utils.freed_memory import keep_freed_memory

STEPS_PER_EXECUTION = 8
"""Steps of one device per call from Python; a call costs a sixth of a small step."""

Logs = dict[str, Any]
RunSteps = Any
"""A compiled function of an iterator and a number of steps, which returns the logs."""


class MultiStepModel(ReplicatedModel):
    """A model that ``fit`` trains for exactly ``steps_per_epoch`` steps, ``steps_per_execution`` of them per call.

    One trace serves every number of steps and every shape of batches. Logs of a batch are those of this process; logs
    of an epoch cover all workers.

    Subclasses implement ``train_step`` and ``test_step``. ``run_epochs`` sets the attributes and calls ``fit``.

    Attributes:
        steps_per_epoch: Training batches per epoch.
        validation_steps: Validation batches.
        validation_batches: Endless validation batches, all of them in every ``validation_steps`` steps, or None.
    """

    steps_per_epoch = 1
    validation_steps = 1
    test_function: Callable[[Iterator[Any]], Logs] | None
    _validation_iterator: Iterator[Any] | None = None

    def make_train_function(self, force: bool = False) -> None:
        """Set the function that ``fit`` calls for each execution of the training batches."""
        counts = self._count_steps(self.steps_per_epoch)
        run_steps: RunSteps | None = None
        trainable: list[str] = []

        def train_function(iterator: Iterator[Any]) -> Logs:
            nonlocal run_steps, trainable
            # callbacks freeze weights, or let them learn again
            if trainable != (trainable := [variable.path for variable in self.trainable_variables]):
                is_first, run_steps = run_steps is None, self._compile(self.train_step, self.training_logs)
                is_single = self.distribute_strategy.num_replicas_in_sync == 1
                if is_first and is_single and self.validation_batches is not None:
                    self._prepare_validation(run_steps, iterator)
            assert run_steps is not None
            logs: Logs = run_steps(iterator, tf.constant(next(counts)))
            return logs

        self.train_function = train_function

    def make_test_function(self, force: bool = False) -> None:
        """Set the function that ``evaluate`` calls for each execution of the validation batches."""
        if self.test_function is not None and not force:
            return
        counts = self._count_steps(self.validation_steps)
        self._run_test_steps = self._compile(self.test_step, self.get_metrics_result)

        def test_function(iterator: Iterator[Any]) -> Logs:
            logs: Logs = self._run_test_steps(iterator, tf.constant(next(counts)))
            return logs

        self.test_function = test_function

    def validate(self, callbacks: Any) -> Logs:
        """Return the metrics of the validation batches, name to value; ``fit`` calls this after each epoch."""
        self.make_test_function()
        iterator, test_function = self._iterate_validation(), self.test_function
        assert test_function is not None
        callbacks.on_test_begin()
        self.reset_metrics()
        for first in range(0, self.validation_steps, self.steps_per_execution):
            callbacks.on_test_batch_begin(first)
            callbacks.on_test_batch_end(first + self.steps_per_execution - 1, test_function(iterator))
        logs = {name: float(value) for name, value in self.get_metrics_result().items()}  # of all workers
        callbacks.on_test_end(logs)
        return logs

    def _iterate_validation(self) -> Iterator[Any]:
        """Return the iterator of all validations: with several workers, to make one takes as long as many steps."""
        if self._validation_iterator is None:
            self._validation_iterator = iter(self.validation_batches)
        return self._validation_iterator

    def training_logs(self) -> Logs:
        """Return the metrics since the epoch began, name to scalar tensor."""
        logs: Logs = self.get_metrics_result()
        return logs

    def _count_steps(self, steps: int) -> Iterator[int]:
        """Yield the steps of each execution, epoch after epoch."""
        size = self.steps_per_execution
        return itertools.cycle([min(size, steps - first) for first in range(0, steps, size)])

    def _compile(self, step: Callable[[Any], Logs], compute_logs: Callable[[], Logs]) -> RunSteps:
        strategy = self.distribute_strategy

        def run_steps(iterator: Iterator[Any], count: tf.Tensor) -> Logs:
            def next_step(done: tf.Tensor) -> list[tf.Tensor]:
                strategy.run(step, args=(next(iterator),))
                return [done + 1]

            tf.while_loop(lambda done: done < count, next_step, [0], parallel_iterations=1)
            logs = strategy.run(compute_logs)
            return {name: tf.reduce_mean(strategy.experimental_local_results(value)) for name, value in logs.items()}

        return tf.function(run_steps, autograph=False)

    def _prepare_validation(self, run_steps: RunSteps, iterator: Iterator[Any]) -> None:
        """Let TensorFlow optimize validation, which takes one core, while it optimizes training; no batch is read.

        What fails here fails again in the first validation, which reports it.
        """
        run_steps.get_concrete_function(iterator, tf.constant(0))  # tracing holds Python; optimizing does not
        self.make_test_function()
        batches, count = self._iterate_validation(), tf.constant(0)
        # in a function of this package, so that ``OwnWarningsFilter`` knows who calls
        ThreadPoolExecutor(1).submit(lambda: self._run_test_steps(batches, count))


def run_epochs(
    model: MultiStepModel,
    batches: Callable[[int, Shard], tf.data.Dataset],
    validation_batches: Callable[[Shard], tf.data.Dataset] | None,
    checkpoint: Checkpoint,
    *,
    steps_per_epoch: int,
    epochs: int,
    resume: bool,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Train a model until its last epoch or until patience runs out; it ends with the weights of its best epoch.

    Args:
        model: Compiled, its optimizer built.
        batches: Epoch and shard to the endless training batches from that epoch on.
        validation_batches: Shard to the validation batches, of known number; None: no validation.
        checkpoint: Selects the best epoch, and writes the state.
        steps_per_epoch: Training batches per epoch.
        epochs: Largest number of epochs.
        resume: Continue from the state of the checkpoint.
        callbacks: Keras callbacks, ``checkpoint`` among them. ``on_train_batch_end`` is called once per execution, see
            ``STEPS_PER_EXECUTION``, with the number of its last batch; Keras numbers a shorter last execution as a
            whole one.
    """
    checkpoint.set_model(model)
    if resume:
        checkpoint.restore()
    strategy = model.distribute_strategy
    check_workers_agree(strategy, {"the number of finished epochs": checkpoint.epoch})
    if checkpoint.is_finished or checkpoint.epoch >= epochs:
        checkpoint.restore_best()
        return
    is_single = strategy.num_replicas_in_sync == 1
    # all-reduced rows have one size within an execution, and replicas touch other rows in each step
    model.steps_per_execution = STEPS_PER_EXECUTION if is_single else 1
    model.steps_per_epoch, validation_data = steps_per_epoch, None
    is_distributed = tf.distribute.has_strategy()
    if validation_batches is not None:
        validation_data = validation_batches(ALL)
        model.validation_steps = int(validation_data.cardinality())
        model.validation_batches = validation_data.repeat()
        if is_distributed:
            validation_data = model.validation_batches = distribute_batches(strategy, validation_batches)
    if is_distributed:
        training_data = distribute_batches(strategy, partial(batches, checkpoint.epoch))
    else:  # with an end, since autologging by MLflow reads to it
        training_data = batches(checkpoint.epoch, ALL).take(steps_per_epoch * (epochs - checkpoint.epoch))
    with keep_freed_memory():
        model.fit(
            training_data,
            initial_epoch=checkpoint.epoch,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
            validation_data=validation_data,
            validation_steps=model.validation_steps if validation_batches else None,
            callbacks=list(callbacks),
            shuffle=False,
            verbose=0,
        )
