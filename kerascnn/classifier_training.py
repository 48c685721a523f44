"""Train a classifier in memory: from texts and labels to a ``Bundle``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn.bundle import Bundle, load_vectorizer
from kerascnn.config import TRAINING_GROUPS, Config, DistillationConfig
from kerascnn.data.documents import check_texts, split_validation
from kerascnn.data.sample_weights import check_sample_weight
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.tasks import Task, infer_task
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras

    from kerascnn.linear.member import LinearMember
    from kerascnn.models import BuiltModel
    from kerascnn.training.fit import EncodedDataset

LabelledTexts = tuple[Sequence[str], Sequence[Any]]


@dataclass(frozen=True)
class TrainingData:
    """Checked and encoded training and validation data of a classifier."""

    task: Task
    classes: np.ndarray
    """Label names, (labels,), in the order of the logits."""
    labels_dtype: np.dtype | None
    """Dtype of the indicator matrix passed to ``fit``; None for other labels."""
    texts: list[str]
    targets: np.ndarray
    validation_texts: list[str]
    validation_targets: np.ndarray
    soft_labels: np.ndarray | None = None
    """A teacher's probabilities for ``texts``, float32 (documents, classes)."""
    sample_weight: np.ndarray | None = None
    """Weight of each of ``texts`` in the loss, float32 (documents,)."""
    class_weight: np.ndarray | None = None
    """Weight of each class in the loss, float32 (classes,)."""


def prepare_data(
    config: Config[Any],
    texts: Sequence[str],
    labels: Any,
    *,
    soft_labels: np.ndarray | None = None,
    sample_weight: Sequence[float] | np.ndarray | None = None,
    class_weight: Mapping[Any, float] | None = None,
    validation_data: LabelledTexts | None = None,
) -> TrainingData:
    """Check texts and labels, encode the labels, and split off validation data if none is given.

    Args:
        config: The run.
        texts: Documents.
        labels: Labels in any form that ``TextClassifier.fit`` takes.
        soft_labels: A teacher's class probabilities, float (documents, classes).
        sample_weight: Weight of each document in the loss, (documents,).
        class_weight: Label to the weight of its documents in the loss.
        validation_data: Texts and labels for early stopping.

    Raises:
        InputError: The data cannot be used for training; the message says why.
    """
    has_teacher = soft_labels is not None
    texts, task = check_texts(texts), infer_task(labels)
    task.check_settings(config.training, has_teacher=has_teacher)
    labels_dtype, labels = task.labels_dtype(labels), task.as_labels(labels)
    if len(texts) != len(labels):
        raise InputError(f"{len(texts)} texts and {len(labels)} labels; give one label per text")
    classes = task.find_classes(labels, has_teacher=has_teacher)
    targets = task.encode(labels, classes, has_teacher=has_teacher)
    if soft_labels is not None:
        soft_labels = check_probabilities(soft_labels, classes.tolist(), len(texts), name="soft_labels")
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, len(texts))
    class_weights = None
    if class_weight is not None:
        if config.training.class_weights == "balanced":
            raise InputError("class_weight and training.class_weights balanced both weight the classes; give one")
        class_weights = task.encode_class_weight(class_weight, classes)
    if validation_data is not None:
        validation_texts, validation_labels = validation_data
        validation_targets = task.encode(task.as_labels(validation_labels), classes)
        return TrainingData(
            task, classes, labels_dtype, texts, targets, check_texts(validation_texts), validation_targets, soft_labels,
            sample_weight, class_weights,
        )  # fmt: skip
    train, validation = split_validation(texts, task.decode(targets, classes), config.source, task)
    return TrainingData(
        task, classes, labels_dtype, [texts[i] for i in train], targets[train], [texts[i] for i in validation],
        targets[validation], None if soft_labels is None else soft_labels[train],
        None if sample_weight is None else sample_weight[train], class_weights,
    )  # fmt: skip


def train_bundle(
    config: Config[Any],
    data: TrainingData,
    *,
    optimizer: keras.optimizers.Optimizer | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    folder: Path | None = None,
    resume: bool = False,
    verbose: bool = False,
) -> Bundle:
    """Build the vocabulary and the model, train the model and calibrate it.

    A linear classifier alone is solved, by each process, without optimizer, callbacks and checkpoints.

    Args:
        config: The run.
        data: Training and validation data.
        optimizer: Optimizer to use instead of that of the settings, see ``training.optimizers.build_optimizer``.
        callbacks: Keras callbacks, see ``training.fit.fit``.
        folder: Folder for the checkpoint of each epoch; None: no checkpoints.
        resume: Continue from the checkpoint in ``folder``.
        verbose: Show progress on standard error.

    Raises:
        InputError: A setting cannot be used, or the checkpoint belongs to another run.
    """
    from kerascnn.data.batches import RaggedIds
    from kerascnn.training import fit
    from kerascnn.training.distributed import strategies
    from kerascnn.training.optimizers import describe_optimizer
    from kerascnn.transfer import initial_model

    if data.soft_labels is None:
        config = dataclasses.replace(config, distillation=DistillationConfig())
    strategy = strategies.create_strategy(config.training.strategy)
    fit.set_random_seed(config.seed, config.training.deterministic)
    pretrained = config.network.pretrained_vocabulary(config.text)
    if pretrained:
        vectorizer = Vectorizer(*pretrained)
    else:
        vectorizer = Vectorizer.adapt(data.texts, config.text, vectors=config.transfer.vectors)
    config = dataclasses.replace(config, text=vectorizer.settings)
    vectorizer = initial_model.extend_vocabulary(vectorizer, config.transfer)
    train = fit.EncodedDataset(
        RaggedIds(*vectorizer.encode(data.texts)), data.targets, data.soft_labels, data.sample_weight
    )
    validation = fit.EncodedDataset(RaggedIds(*vectorizer.encode(data.validation_texts)), data.validation_targets)
    if config.network.is_linear:
        from kerascnn.linear.classifier import log_unused_settings

        facts = fit.fingerprint_arguments(train, data.class_weight, optimizer)
        strategies.check_workers_agree(strategy, _fingerprint(config, train, validation) | facts)
        if verbose:
            log_unused_settings(config)
        trained = _solve(config, vectorizer, data, train, validation)
    else:
        trained = _train_network(
            config, vectorizer, data, train, validation, strategy=strategy, optimizer=optimizer, callbacks=callbacks,
            folder=folder, resume=resume, verbose=verbose,
        )  # fmt: skip
    calibration = data.task.calibrate(trained.logits, data.validation_targets, fit=config.training.calibrate)
    metrics = {"parameters": trained.built.model.count_params(), **trained.metrics}
    if optimizer is not None:
        metrics["optimizer"] = describe_optimizer(optimizer)
    return Bundle(
        config=trained.config, vectorizer=vectorizer, labels=[str(label) for label in data.classes],
        model=trained.built.model, roles=trained.built.roles, task=data.task, metrics=metrics | calibration.metrics,
        history=trained.history, temperature=calibration.temperature, thresholds=calibration.thresholds,
        distillation={} if data.soft_labels is None else _describe_distillation(config),
    )  # fmt: skip


@dataclass(frozen=True)
class _TrainedModel:
    """A trained model before its calibration."""

    config: Config[Any]
    built: BuiltModel
    logits: np.ndarray
    """Logits of the validation documents, float (documents, classes)."""
    metrics: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)


def _solve(
    config: Config[Any], vectorizer: Vectorizer, data: TrainingData, train: EncodedDataset, validation: EncodedDataset
) -> _TrainedModel:
    """Solve a model that is a linear classifier alone; of the bundle ``init_from`` it has the vocabulary."""
    from kerascnn.linear import classifier
    from kerascnn.training.fit import dtype_policy_scope

    with dtype_policy_scope(config.training.dtype_policy):
        solved = classifier.solve_classifier(
            config, vectorizer.vocabulary, train, validation, data.task,
            num_classes=len(data.classes), class_weight=data.class_weight,
        )  # fmt: skip
    metrics = solved.metrics(len(data.texts))
    if folder := config.transfer.init_from:
        metrics["inherited_vocabulary"] = len(load_vectorizer(Path(folder)).vocabulary) / len(vectorizer.vocabulary)
    return _TrainedModel(config, solved.built, solved.validation_scores, metrics)


def _train_network(
    config: Config[Any],
    vectorizer: Vectorizer,
    data: TrainingData,
    train: EncodedDataset,
    validation: EncodedDataset,
    *,
    callbacks: Sequence[keras.callbacks.Callback],
    verbose: bool,
    **options: Any,
) -> _TrainedModel:
    """Train a network, and solve for its linear member if it has one; see ``train_bundle``."""
    from kerascnn.prediction import make_predict_function
    from kerascnn.training import fit
    from kerascnn.transfer import initial_model

    with fit.dtype_policy_scope(config.training.dtype_policy):
        initial = initial_model.build_model(config, vectorizer, len(data.classes), train.ids.values)
    config, model = initial.config, initial.built.model
    if verbose:
        initial.log_messages()
    trained = fit.fit(
        model, train, validation, config.training,
        seed=config.seed, task=data.task, verbose=verbose, class_weight=data.class_weight,
        fingerprint=_fingerprint(config, train, validation), learning_rate_factors=initial.learning_rate_factors,
        callbacks=[*initial.callbacks, *callbacks], **options,
    )  # fmt: skip
    built, logits = initial.built, make_predict_function(model)(validation.ids)
    metrics: dict[str, Any] = {**trained.speed(len(data.texts)), **initial.metrics}
    member = _fit_linear_member(config, vectorizer, data, train, validation, logits)
    if member:
        from kerascnn.linear.member import add_member

        with fit.dtype_policy_scope(config.training.dtype_policy):
            built = add_member(built, member)
        logits = logits + member.weight * member.validation_scores
        metrics["linear_member"] = member.metrics()
    return _TrainedModel(config, built, logits, metrics, trained.history)


def _fit_linear_member(
    config: Config[Any],
    vectorizer: Vectorizer,
    data: TrainingData,
    train: EncodedDataset,
    validation: EncodedDataset,
    logits: np.ndarray,
) -> LinearMember | None:
    """Solve for the linear member of a trained network; None if the model has none, or it does not help.

    Args:
        config: The run.
        vectorizer: Vectorizer of the run.
        data: Training and validation data.
        train: Encoded training documents.
        validation: Encoded validation documents.
        logits: Logits of the network for the validation documents.
    """
    ngrams = getattr(config.network, "linear_ngrams", ())
    if not ngrams:
        return None
    from kerascnn.linear.member import Features, fit_linear_member
    from kerascnn.training.fit import document_weights

    has_words = config.text.level == "word" and not config.text.uses_wordpiece
    features = Features(
        train.ids, vectorizer.vocabulary, num_classes=len(data.classes), ngrams=ngrams,
        characters=getattr(config.network, "linear_characters", ()) if has_words else (),
    )  # fmt: skip
    return fit_linear_member(
        features, train.ids, data.targets, validation.ids, data.validation_targets, logits, data.task,
        weights=document_weights(train, config.training, data.class_weight),
    )  # fmt: skip


def _fingerprint(config: Config[Any], train: EncodedDataset, validation: EncodedDataset) -> dict[str, Any]:
    """Return all values that must be equal for a training to resume; sources and output folder may differ."""
    data = {
        "training data": train.digest(),
        "validation data": validation.digest(),
        "soft labels": train.soft_labels_digest(),
    }
    return {"model": config.model, "seed": config.seed, **config.flatten(TRAINING_GROUPS), **data}


def _describe_distillation(config: Config[Any]) -> dict[str, Any]:
    """Return the description of a distillation for the manifest."""
    return {
        "teacher": config.distillation.teacher or None,
        "temperature": config.training.soft_label_temperature,
        "weight": config.training.soft_label_weight,
    }
