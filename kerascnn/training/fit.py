"""Train a model on vectorized documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from sklearn.utils.class_weight import compute_sample_weight

from kerascnn.config import TrainingConfig
from kerascnn.data.batches import RaggedIds, training_batches, validation_batches
from kerascnn.tasks import SINGLE_LABEL, Task
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.distributed import strategies
from kerascnn.training.loop import run_epochs
from kerascnn.training.losses import hard_and_soft
from kerascnn.training.optimizers import Adadelta, LazyAdam
from kerascnn.training.progress import Progress
from kerascnn.training.schedules import Warmup
from kerascnn.training.trainer import Trainer
from kerascnn.utils.errors import InputError

# Chosen on validation data: a short training whose learning rate falls to zero beats a long one that is stopped early.
DEFAULT_STEPS = 800


@dataclass(frozen=True)
class EncodedDataset:
    """Vectorized documents and what they are to be answered with."""

    ids: RaggedIds
    labels: np.ndarray
    """Codes of the task, see ``kerascnn.tasks``; -1, beside soft labels, where a document has no label."""
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


def set_random_seed(seed: int, deterministic: bool) -> None:
    """Seed Python, NumPy and TensorFlow; optionally make every operation deterministic for the rest of the process."""
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


@contextmanager
def dtype_policy_scope(policy: str) -> Iterator[None]:
    """Build layers under a dtype policy."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def build_optimizer(settings: TrainingConfig, steps: int) -> keras.optimizers.Optimizer:
    """The optimizer with its schedule over all ``steps`` of the training."""
    schedule = Warmup(
        peak=settings.learning_rate,
        warmup_steps=round(settings.warmup_ratio * steps),
        total_steps=steps,
        decay=settings.schedule,
    )
    kinds = {"adam": LazyAdam, "adadelta": Adadelta}
    optimizer = kinds[settings.optimizer](
        learning_rate=schedule,
        weight_decay=settings.weight_decay or None,
        global_clipnorm=settings.global_clipnorm or None,
    )
    if settings.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["embedding", "bias", "gamma", "beta"])
    if settings.dtype_policy == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def scale_learning_rates(
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
    train: EncodedDataset,
    validation: EncodedDataset,
    settings: TrainingConfig,
    *,
    seed: int,
    task: Task = SINGLE_LABEL,
    folder: Path | None = None,
    resume: bool = False,
    fingerprint: dict[str, Any] | None = None,
    rates: Mapping[str, float] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: tf.distribute.Strategy | None = None,
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
        rates: See ``scale_learning_rates``.
        callbacks: What else happens between the epochs.
        strategy: Where it is trained; the model itself lives on one device. None: there.
        verbose: Show progress on standard error.

    Returns:
        The history of the epochs and the seconds they took.

    Raises:
        InputError: The loss is not finite, the state to resume belongs to another run, or the processes of a training
            have different settings or data.
    """
    strategy = strategy or tf.distribute.get_strategy()
    strategies.check_workers_agree(strategy, fingerprint or {})
    steps = -(-len(train.labels) // settings.batch_size)
    epochs = settings.epochs or default_epochs(steps)
    checkpoint = Checkpoint(
        monitor=settings.monitor,
        documents=len(validation.labels),
        patience=settings.patience,
        folder=folder,
        fingerprint=fingerprint or {},
        writes=strategies.is_chief(settings.strategy),
    )
    callbacks = [*callbacks, checkpoint, *tensorboard(settings, folder)]
    if verbose:
        callbacks.append(Progress(epochs=epochs, documents=len(train.labels), batch_size=settings.batch_size))
    targets, weights = train.labels, _weights(train.labels) if settings.class_weights == "balanced" else None
    if train.soft_labels is not None:
        targets, weights = hard_and_soft(train.labels, train.soft_labels, weights), None
    batches = partial(
        training_batches, train.ids, targets, settings.batch_size,
        seed=seed, weights=weights, classes=train.labels if settings.sampling == "balanced" else None,
    )  # fmt: skip
    with strategies.mirror_model(strategy, model) as there:
        run_epochs(
            _trainer(there, task, settings, steps * epochs, rates or {}, has_teacher=train.soft_labels is not None),
            lambda epoch, shard: batches(first_epoch=epoch, shard=shard),
            partial(validation_batches, validation.ids, validation.labels, 4 * settings.batch_size),
            checkpoint,
            steps=steps,
            epochs=epochs,
            resume=resume,
            callbacks=callbacks,
        )
    return checkpoint


def _trainer(
    model: keras.Model,
    task: Task,
    settings: TrainingConfig,
    steps: int,
    rates: Mapping[str, float],
    *,
    has_teacher: bool,
) -> Trainer:
    """What trains a model for so many steps, compiled, its optimizer built."""
    trainer = Trainer(
        model,
        loss=task.build_loss(settings, has_teacher=has_teacher),
        metrics=task.build_metrics(settings, model.output_shape[-1]),
    )
    trainer.compile(optimizer=build_optimizer(settings, steps), jit_compile=False)
    trainer(np.zeros((1, 8), np.int32))
    trainer.optimizer.build(trainer.trainable_variables)
    if rates:
        scale_learning_rates(trainer.optimizer, trainer.trainable_variables, rates)
    return trainer


def default_epochs(steps: int) -> int:
    """Small data needs more epochs, large data is learned by heart in a few: the number of updates decides."""
    return min(max(3, -(-DEFAULT_STEPS // steps)), 50)


def _weights(labels: np.ndarray) -> np.ndarray:
    """What each document counts, float32 (documents,), so that every class counts the same; 0 without a label."""
    known = labels >= 0
    weights = np.zeros(len(labels), np.float32)
    weights[known] = compute_sample_weight("balanced", labels[known])
    return weights


def tensorboard(settings: TrainingConfig, folder: Path | None) -> list[keras.callbacks.Callback]:
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
