"""Train a classifier in memory: from texts and labels to a ``Bundle``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.audit.languages import guess_languages, measure_scripts
from kerascnn.bundle import Bundle
from kerascnn.classifier_data import TrainingData
from kerascnn.config import Config, DistillationConfig
from kerascnn.data.label_types import choose_label_type, find_label_type, name_label
from kerascnn.data.stored_rows import StoredTexts
from kerascnn.manifest import INDICATOR_DTYPES
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_training
from kerascnn.utils.stderr import log

if TYPE_CHECKING:
    import keras
    import numpy as np

    from kerascnn.classifier_fitting import ModelFitter
    from kerascnn.training.fit import EncodedDataset


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
    from kerascnn.training import fit
    from kerascnn.training.distributed import strategies
    from kerascnn.training.optimizers import describe_optimizer

    if data.soft_labels is None:
        config = dataclasses.replace(config, distillation=DistillationConfig())
    strategy = strategies.create_strategy(config.training.strategy)
    fit.set_random_seed(config.seed, config.training.deterministic)
    fitter = _prepare_fitter(config, data, strategy=strategy, optimizer=optimizer, verbose=verbose)
    with lock_training(folder, config.training.strategy):
        fitted = fitter.fit(callbacks, folder, resume)
    calibration = data.task.calibrate(fitted.logits, data.validation_targets, fit=config.training.calibrate)
    metrics, built, validation_probabilities = dict(fitted.metrics), fitted.built, None
    if optimizer is not None:
        metrics["optimizer"] = describe_optimizer(optimizer)
    if data.refit:
        if verbose:
            rows = len(data.texts) + len(data.validation_texts)
            log(f"training once more, on all {rows:,} rows with the validation rows")
        # of the first model, which does not know the validation rows
        validation_probabilities = data.task.compute_probabilities(fitted.logits, calibration.temperature)
        fitter = _prepare_fitter(config, data.merge(), strategy=strategy, optimizer=optimizer, verbose=verbose)
        built, refit_metrics = fitter.refit(fitted)
        metrics |= refit_metrics
    metrics = {"parameters": built.model.count_params(), **metrics, **calibration.metrics}
    labels = [name_label(label) for label in data.classes.tolist()]
    return Bundle(
        config=dataclasses.replace(fitted.config, text=fitter.config.text), vectorizer=fitter.vectorizer,
        labels=labels, label_type=choose_label_type(labels, find_label_type(data.classes.tolist())),
        indicator_dtype=_name_indicator_dtype(data.labels_dtype),
        scripts=measure_scripts(data.texts), languages=guess_languages(data.texts),
        model=built.model, roles=built.roles, task=data.task,
        metrics=metrics, history=fitted.history, temperature=calibration.temperature, thresholds=calibration.thresholds,
        distillation={} if data.soft_labels is None else _describe_distillation(config),
        validation_probabilities=validation_probabilities,
    )  # fmt: skip


def check_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Return Keras callbacks as a list; None is none, as in ``keras.Model.fit``.

    Raises:
        InputError: They are not a list of callbacks.
    """
    import keras

    callbacks = () if callbacks is None else callbacks
    if not isinstance(callbacks, list | tuple) or not all(isinstance(x, keras.callbacks.Callback) for x in callbacks):
        raise InputError(f"callbacks: give a list of Keras callbacks. Received: {shorten(callbacks)}")
    return list(callbacks)


def _prepare_fitter(config: Config[Any], data: TrainingData, *, verbose: bool, **options: Any) -> ModelFitter:
    """Build the vocabulary of the training texts, and encode the documents with it."""
    from kerascnn.classifier_fitting import ModelFitter
    from kerascnn.transfer import initial_model
    from kerascnn.transfer.pretrained_vectors import open_vectors

    source = open_vectors(config.transfer) if config.transfer.vectors else None
    if pretrained := config.network.pretrained_vocabulary(config.text, data.texts):
        vectorizer = Vectorizer(pretrained.settings, pretrained.tokens, sentencepiece=pretrained.sentencepiece)
    else:
        vectorizer = _adapt_vectorizer(config, data, verbose=verbose)
        if verbose:
            log(f"built a vocabulary of {len(vectorizer.vocabulary):,} tokens from {len(data.texts):,} documents")
    config = dataclasses.replace(config, text=vectorizer.settings)
    vectorizer = initial_model.extend_vocabulary(vectorizer, config.transfer, source)
    vectors = source.look_up(vectorizer.vocabulary) if source else None
    train, validation = _encode_documents(vectorizer, data, verbose=verbose)
    return ModelFitter(
        config=config,
        vectorizer=vectorizer,
        data=data,
        train=train,
        validation=validation,
        vectors=vectors,
        verbose=verbose,
        **options,
    )


def _adapt_vectorizer(config: Config[Any], data: TrainingData, *, verbose: bool) -> Vectorizer:
    """Return the vectorizer with the vocabulary of the training texts."""
    options: dict[str, Any] = {"vectors": config.transfer.word_list, "verbose": verbose}
    if not isinstance(data.texts, StoredTexts):
        return Vectorizer.adapt(data.texts, config.text, **options)
    from kerascnn.data.stored_documents import find_vectorizer

    assert data.cache is not None
    return find_vectorizer(data.texts, config.text, data.cache, config.source, **options)


def _encode_documents(
    vectorizer: Vectorizer, data: TrainingData, *, verbose: bool
) -> tuple[EncodedDataset, EncodedDataset]:
    """Return the encoded training and validation documents."""
    from kerascnn.data.ragged import RaggedIds
    from kerascnn.training.fit import EncodedDataset

    if not (isinstance(data.texts, StoredTexts) and isinstance(data.validation_texts, StoredTexts)):
        ids, validation_ids = (RaggedIds(*vectorizer.encode(texts)) for texts in (data.texts, data.validation_texts))
        train = EncodedDataset(ids, data.targets, data.soft_labels, data.sample_weight)
        return train, EncodedDataset(validation_ids, data.validation_targets)
    from kerascnn.data.stored_documents import find_ids

    assert data.cache is not None
    stored, order = find_ids(data.texts, vectorizer, data.cache, shuffled=True, verbose=verbose)
    weights = None if data.sample_weight is None else data.sample_weight[order]
    train = EncodedDataset(stored, data.targets[order], sample_weight=weights)
    stored, _ = find_ids(data.validation_texts, vectorizer, data.cache, shuffled=False, verbose=verbose)
    return train, EncodedDataset(stored, data.validation_targets)


def _name_indicator_dtype(dtype: np.dtype | None) -> str | None:
    """Return the name of the dtype of an indicator matrix; whole numbers for objects and sparse matrices."""
    if dtype is None:
        return None
    return dtype.name if dtype.name in INDICATOR_DTYPES else "int64"


def _describe_distillation(config: Config[Any]) -> dict[str, Any]:
    """Return the description of a distillation for the manifest."""
    return {
        "teacher": config.distillation.teacher or None,
        "temperature": config.training.soft_label_temperature,
        "weight": config.training.soft_label_weight,
    }
