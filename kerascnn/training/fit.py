"""Train a model on encoded documents."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.config import TrainingConfig
from kerascnn.data.batches import WINDOW_BATCHES, Targets, training_batches, validation_batches
from kerascnn.data.ragged import Documents, RaggedIds, RaggedTargets
from kerascnn.data.sample_weights import balance_classes
from kerascnn.tasks import SINGLE_LABEL, Task
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.distributed import strategies
from kerascnn.training.frozen_outputs import compute_outputs, split_at_frozen_layer
from kerascnn.training.multi_step import run_epochs
from kerascnn.training.optimizers import build_optimizer, describe_optimizer, set_learning_rate_factors
from kerascnn.training.plan import plan_training
from kerascnn.training.progress import ProgressBar
from kerascnn.training.trainer import Trainer
from kerascnn.utils.errors import InputError
from kerascnn.utils.tensorflow_startup import claim_process


@dataclass(frozen=True)
class EncodedDataset:
    """Encoded documents and their targets."""

    ids: Documents
    targets: Any
    """Targets of the task, an array, see ``kerascnn.tasks``; -1 for a document that has soft labels and no label. Of
    tokens, ``RaggedTargets``."""
    soft_labels: Any = None
    """A teacher's probabilities, float32 (documents, classes); of tokens, ``RaggedTargets``. None: no teacher."""
    sample_weight: np.ndarray | None = None
    """Weight of each document in the loss, float32 (documents,); None: all 1."""

    @property
    def ragged_ids(self) -> RaggedIds:
        """The documents in memory."""
        return self.ids.to_ragged()

    def sample(self, max_tokens: int) -> tuple[EncodedDataset, np.ndarray]:
        """Return documents in memory, drawn at random if all of them have more tokens, and their positions.

        Args:
            max_tokens: Largest number of tokens, about; documents that are in memory already are all returned.
        """
        total = int(self.ids.lengths.sum())
        rows = np.arange(len(self.ids))
        if isinstance(self.ids, RaggedIds) or total <= max_tokens:
            return dataclasses.replace(self, ids=self.ids.to_ragged()), rows
        rows = np.sort(np.random.default_rng(0).permutation(len(rows))[: len(rows) * max_tokens // total])
        soft_labels, weights = (
            None if array is None else array[rows] for array in (self.soft_labels, self.sample_weight)
        )
        return EncodedDataset(self.ids.to_ragged(rows), self.targets[rows], soft_labels, weights), rows

    @property
    def has_label(self) -> np.ndarray:
        """Whether the labels of each document are known, bool (documents,)."""
        if isinstance(self.targets, RaggedTargets):
            return self.targets.is_known
        return np.asarray(np.all((self.targets >= 0).reshape(len(self.targets), -1), axis=1))

    def digest(self) -> str:
        """Return a hash that changes with any id, any target, and their order."""
        return _hash(self.ids, self.targets)

    def soft_labels_digest(self) -> str | None:
        """Return a hash that changes with any soft label; None without soft labels."""
        return None if self.soft_labels is None else _hash(self.soft_labels)


def set_random_seed(seed: int, deterministic: bool) -> None:
    """Seed Python, NumPy and TensorFlow; optionally make every operation deterministic for the rest of the process."""
    claim_process()
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


def fit(
    model: keras.Model,
    train: EncodedDataset,
    validation: EncodedDataset | None,
    settings: TrainingConfig,
    *,
    seed: int,
    task: Task = SINGLE_LABEL,
    loss: keras.losses.Loss | None = None,
    window_batches: int = WINDOW_BATCHES,
    folder: Path | None = None,
    resume: bool = False,
    fingerprint: Mapping[str, Any] | None = None,
    class_weight: np.ndarray | None = None,
    optimizer: keras.optimizers.Optimizer | None = None,
    learning_rate_factors: Mapping[str, float] | None = None,
    pretrained_layers: Sequence[str] = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
    strategy: tf.distribute.Strategy | None = None,
    verbose: bool = False,
) -> Checkpoint:
    """Train a model in place; it ends with the weights of its best epoch by ``settings.monitor``.

    The logs of an epoch are ``loss``, ``accuracy`` and, where it is monitored, ``macro_f1``, each also with the prefix
    ``val_``. Weights of documents and classes change the gradients and not the logs.

    Args:
        model: Functional model, int32 (batch, length) -> logits float32 (batch, classes), or what ``loss`` takes.
        train: Training documents.
        validation: Validation documents, which early stopping uses; their sample weights are ignored. None: no early
            stopping, and the model keeps the weights of the last epoch.
        settings: How to train.
        seed: Seed of the order of the documents.
        task: Chooses loss and metrics.
        loss: Loss of targets and outputs to use instead; then the loss is the only metric.
        window_batches: Number of batches within which documents are sorted by length.
        folder: Folder of the training state, written after each epoch; None: do not write it.
        resume: Continue from the state in ``folder``.
        fingerprint: Name to value of everything that must be equal for a run to resume: settings and data.
        class_weight: Weight of each class, float32 (classes,); None: all 1. With soft labels it weights only the part
            of the loss that comes from the labels.
        optimizer: Optimizer to use instead of that of the settings, see ``optimizers.build_optimizer``.
        learning_rate_factors: Weight path to learning rate relative to the schedule's; 1 for other weights.
        pretrained_layers: Layers whose outputs depend on the ids alone, without dropout. Without a strategy, the
            outputs of the first one that is frozen, and of all layers below it, are computed once, if they fit in
            memory.
        callbacks: Keras callbacks. Their ``model`` is the ``Trainer``: ``self.model.model`` is the functional model,
            and ``self.model.save`` saves that. At the end of an epoch they are called before its state is written;
            a resumed training does not restore state of their own. A call of ``on_train_batch_end`` covers up to
            ``multi_step.STEPS_PER_EXECUTION`` batches.
        strategy: Strategy to train under; the model itself lives on one device. None: train there.
        verbose: Show progress on standard error.

    Returns:
        The history of the epochs and the seconds they took.

    Raises:
        InputError: The loss is not finite, the state to continue from belongs to another run, or the workers have
            different settings or data.
    """
    strategy = strategy or tf.distribute.get_strategy()
    plan = plan_training(settings, len(train.targets), model.output_shape[-1])
    fingerprint = {**(fingerprint or {}), **fingerprint_arguments(train, class_weight, optimizer)}
    strategies.check_workers_agree(strategy, fingerprint)
    checkpoint = Checkpoint(
        monitor=settings.monitor,
        num_documents=0 if validation is None else len(validation.targets),
        patience=plan.patience,
        folder=folder,
        fingerprint=fingerprint,
        is_writer=strategies.is_chief(settings.strategy),
    )
    callbacks = [*callbacks, checkpoint, *tensorboard_callbacks(settings, folder)]
    if verbose:
        callbacks.append(ProgressBar(epochs=plan.epochs, num_documents=len(train.targets), batch_size=plan.batch_size))
    targets, weights = _weighted_targets(train, settings, class_weight)
    # under another strategy, even on one device, a copy of the model is trained
    is_trained_itself = strategy is tf.distribute.get_strategy()
    split = split_at_frozen_layer(model, pretrained_layers) if is_trained_itself else None
    started = time.perf_counter()
    documents = [train.ids] if validation is None else [train.ids, validation.ids]
    documents = compute_outputs(split, documents, verbose=verbose)
    checkpoint.preparation_seconds = time.perf_counter() - started
    batches = partial(
        training_batches, documents[0], targets, plan.batch_size,
        seed=seed, weights=weights, classes=train.targets if settings.sampling == "balanced" else None,
        window_batches=window_batches,
    )  # fmt: skip
    with strategies.mirror_model(strategy, model) as mirrored:
        trainer = Trainer(
            mirrored,
            loss=loss or task.build_loss(settings, has_teacher=train.soft_labels is not None),
            metrics=[] if loss else task.build_metrics(settings, model.output_shape[-1]),
            split=split,
        )
        trainer.compile(optimizer=build_optimizer(settings, plan.steps, optimizer), jit_compile=False)
        trainer(np.zeros((1, 8, *model.input_shape[2:]), np.int32))
        trainer.optimizer.build(trainer.trainable_variables)
        set_learning_rate_factors(trainer.optimizer, trainer.trainable_variables, learning_rate_factors or {})
        run_epochs(
            trainer,
            lambda epoch, shard: batches(first_epoch=epoch, shard=shard),
            None
            if validation is None
            else partial(validation_batches, documents[1], validation.targets, 4 * plan.batch_size),
            checkpoint,
            steps_per_epoch=plan.steps_per_epoch,
            epochs=plan.epochs,
            resume=resume,
            callbacks=callbacks,
        )
    return checkpoint


def tensorboard_callbacks(settings: TrainingConfig, folder: Path | None) -> list[keras.callbacks.Callback]:
    """Return the callback that writes logs for TensorBoard into a folder, if the settings enable it.

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


def _weighted_targets(
    train: EncodedDataset, settings: TrainingConfig, class_weight: np.ndarray | None
) -> tuple[Targets, np.ndarray | None]:
    """Return the targets of the loss, and the weight of each document, float32 (documents,) or None."""
    label_weight = None
    if settings.class_weights == "balanced":
        label_weight = balance_classes(train.targets)
    elif class_weight is not None:
        label_weight = _weights_of_labels(train.targets, class_weight)
    if train.soft_labels is None:
        weights = [array for array in (label_weight, train.sample_weight) if array is not None]
        return train.targets, np.prod(weights, axis=0) if weights else None
    if label_weight is None:
        label_weight = train.has_label.astype(np.float32)
    targets = {"labels": train.targets, "label_weight": label_weight, "soft_labels": train.soft_labels}
    return targets, train.sample_weight


def document_weights(
    train: EncodedDataset, settings: TrainingConfig, class_weight: np.ndarray | None
) -> np.ndarray | None:
    """Return how much the label of each document counts, float32 (documents,); None: all the same.

    A solver has no batches to draw: balanced sampling becomes balanced weights.
    """
    weights = [] if train.sample_weight is None else [train.sample_weight]
    if class_weight is not None:
        weights.append(_weights_of_labels(train.targets, class_weight))
    if "balanced" in (settings.class_weights, settings.sampling):
        weights.append(balance_classes(train.targets))
    return np.prod(weights, axis=0) if weights else None


def _weights_of_labels(targets: np.ndarray, class_weight: np.ndarray) -> np.ndarray:
    return np.where(targets >= 0, class_weight[targets], 0).astype(np.float32)


def fingerprint_arguments(
    train: EncodedDataset, class_weight: np.ndarray | None, optimizer: keras.optimizers.Optimizer | None
) -> dict[str, Any]:
    """Return the arguments of ``fit``, other than settings and data, that must be equal in all workers."""
    return {
        "the sample weights": None if train.sample_weight is None else _hash(train.sample_weight),
        "the class weights": None if class_weight is None else class_weight.tolist(),
        "the optimizer": optimizer and describe_optimizer(optimizer),
    }


def _hash(*arrays: Any) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
