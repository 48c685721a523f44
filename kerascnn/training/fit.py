"""Train a model on vectorized documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.utils.class_weight import compute_class_weight

from kerascnn.config import Training
from kerascnn.data.pipeline import Ids, training_batches, validation_batches
from kerascnn.errors import InputError
from kerascnn.task import SINGLE, Task
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.losses import hard_and_soft
from kerascnn.training.optimizers import LazyAdam
from kerascnn.training.progress import Progress
from kerascnn.training.schedules import Warmup
from kerascnn.training.trainer import Trainer

# Chosen on validation data: a short training whose learning rate falls to zero beats a long one that is stopped early.
ENOUGH_STEPS = 800


@dataclass(frozen=True)
class Examples:
    """Vectorized documents and what they are to be answered with."""

    ids: Ids
    labels: np.ndarray
    """Codes of the task, see ``kerascnn.task``; -1, beside soft labels, where a document has no label."""
    soft_labels: np.ndarray | None = None
    """A teacher's probabilities, float32 (documents, classes)."""

    def digest(self) -> str:
        """A hash that changes with any id, label or their order."""
        return hashlib.sha256(
            b"".join(array.tobytes() for array in (self.ids.values, self.ids.row_splits, self.labels))
        ).hexdigest()

    def soft_digest(self) -> str | None:
        """A hash that changes with any soft label; None where there are none."""
        return None if self.soft_labels is None else hashlib.sha256(self.soft_labels.tobytes()).hexdigest()


def seed_everything(seed: int, deterministic: bool) -> None:
    """Seed Python, NumPy and TensorFlow; optionally make every operation deterministic for the rest of the process."""
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_optimizer(settings: Training, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its schedule over all ``steps`` of the training."""
    schedule = Warmup(
        peak=settings.learning_rate,
        warmup_steps=round(settings.warmup * steps),
        total_steps=steps,
        decay=settings.schedule,
    )
    kinds = {"adam": LazyAdam, "adadelta": keras.optimizers.Adadelta}
    optimizer = kinds[settings.optimizer](
        learning_rate=schedule,
        weight_decay=settings.weight_decay or None,
        global_clipnorm=settings.clip_norm or None,
    )
    if settings.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["embedding", "bias", "gamma", "beta"])
    if settings.precision == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def scale_rates(
    optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable], rates: Mapping[str, float]
) -> None:
    """Give weights learning rates of their own.

    Args:
        optimizer: Built for the weights.
        variables: The weights, in the order in which it was built.
        rates: The learning rate of a weight as a part of the schedule's, by the weight's path; 1 for others.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    factors = [rates.get(variable.path, 1.0) for variable in variables]
    update_step = optimizer.update_step
    optimizer.update_step = lambda gradient, variable, rate: update_step(
        gradient, variable, rate * factors[optimizer._get_variable_index(variable)]
    )


def fit(
    model: keras.Model,
    train: Examples,
    validation: Examples,
    settings: Training,
    *,
    seed: int,
    task: Task = SINGLE,
    folder: Path | None = None,
    resume: bool = False,
    fingerprint: dict[str, Any] | None = None,
    rates: Mapping[str, float] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: bool = False,
) -> Checkpoint:
    """Train a model in place; it ends with the weights of its best epoch.

    Args:
        model: Functional model, int32 (batch, length) -> logits float32 (batch, classes).
        train: Training documents.
        validation: Documents that early stopping watches.
        settings: How to train.
        seed: Seed of the order of the documents.
        task: What is learned.
        folder: Where the state is kept after each epoch; None: nowhere.
        resume: Go on from the state in ``folder``.
        fingerprint: What must be the same for a run to go on, name to value.
        rates: See ``scale_rates``.
        callbacks: What else happens between the epochs.
        verbose: Show progress on standard error.

    Returns:
        The history of the epochs and the seconds they took.

    Raises:
        InputError: The loss is not finite, or the state to resume belongs to another run.
    """
    steps = -(-len(train.labels) // settings.batch_size)
    epochs = settings.epochs or enough_epochs(steps)
    trainer = Trainer(model)
    trainer.compile(
        optimizer=build_optimizer(settings, steps * epochs),
        loss=task.loss(settings, taught=train.soft_labels is not None),
        metrics=task.metrics(settings, model.output_shape[-1]),
        jit_compile=False,
    )
    trainer(np.zeros((1, 8), np.int32))
    trainer.optimizer.build(trainer.trainable_variables)
    if rates:
        scale_rates(trainer.optimizer, trainer.trainable_variables, rates)
    checkpoint = Checkpoint(
        monitor=settings.monitor,
        documents=len(validation.labels),
        patience=settings.patience,
        folder=folder,
        fingerprint=fingerprint or {},
    )
    callbacks = [*callbacks, checkpoint, *tensorboard(settings, folder)]
    if verbose:
        callbacks.append(Progress(epochs=epochs, documents=len(train.labels), batch_size=settings.batch_size))
    targets, class_weights = train.labels, None
    if settings.class_weights == "balanced":
        class_weights = _class_weights(train.labels)
    if train.soft_labels is not None:
        targets, class_weights = hard_and_soft(train.labels, train.soft_labels, class_weights), None
    batches = partial(
        training_batches, train.ids, targets, settings.batch_size,
        seed=seed, classes=train.labels if settings.sampling == "balanced" else None,
    )  # fmt: skip
    run(
        trainer,
        lambda epoch: batches(first_epoch=epoch),
        validation_batches(validation.ids, validation.labels, 4 * settings.batch_size),
        checkpoint,
        steps=steps,
        epochs=epochs,
        resume=resume,
        callbacks=callbacks,
        class_weight=class_weights,
    )
    return checkpoint


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
    class_weight: dict[int, float] | None = None,
) -> None:
    """Train what is compiled until its last epoch or the end of patience; it ends with the weights of its best epoch.

    Args:
        trainer: Compiled, its optimizer built.
        batches: From an epoch on, the endless training batches.
        validation: The validation batches.
        checkpoint: Judges the epochs, and keeps the state.
        steps: Batches of an epoch.
        epochs: Epochs at the most.
        resume: Go on from the state of the checkpoint.
        callbacks: What happens between the epochs, the checkpoint among it.
        class_weight: Weight of each class in the loss; None: 1.
    """
    checkpoint.set_model(trainer)
    if resume:
        checkpoint.restore()
    if checkpoint.finished or checkpoint.epoch >= epochs:
        checkpoint.restore_best()
        return
    trainer.fit(
        batches(checkpoint.epoch),
        steps_per_epoch=steps,
        initial_epoch=checkpoint.epoch,
        epochs=epochs,
        validation_data=validation,
        class_weight=class_weight,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )


def enough_epochs(steps: int) -> int:
    """Small data needs more epochs, large data is learned by heart in a few: the number of updates decides."""
    return min(max(3, -(-ENOUGH_STEPS // steps)), 50)


def _class_weights(labels: np.ndarray) -> dict[int, float]:
    labels = labels[labels >= 0]
    classes = np.unique(labels)
    return dict(
        zip(classes.tolist(), compute_class_weight("balanced", classes=classes, y=labels).tolist(), strict=True)
    )


def tensorboard(settings: Training, folder: Path | None) -> list[keras.callbacks.Callback]:
    """The callback that writes logs for TensorBoard into a folder, if the settings want it.

    Raises:
        InputError: TensorBoard is not installed, or there is no folder.
    """
    if not settings.tensorboard:
        return []
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        raise InputError('training.tensorboard needs TensorBoard: pip install "kerascnn[tensorboard]"') from None
    if folder is None:
        raise InputError(
            "training.tensorboard needs a folder to write to: train with the command, or give fit a folder"
        )
    return [keras.callbacks.TensorBoard(log_dir=str(folder / "tensorboard"))]
