"""Pretraining: a network learns from text alone, by naming hidden tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.config import Config, MaskingConfig
from kerascnn.data.batches import RaggedIds
from kerascnn.pretraining import masking
from kerascnn.pretraining.pretrainer import Pretrainer
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.training import fit
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.loop import run_epochs
from kerascnn.training.progress import Progress
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend

MAX_HELD_OUT = 1000
"""Documents that are held out at the most: enough for perplexity to a percent."""


def pretrain(
    texts: Sequence[str],
    config: Config[Any],
    settings: MaskingConfig,
    *,
    folder: Path | None = None,
    resume: bool = False,
    verbose: bool = False,
) -> Bundle:
    """Pretrain a network on texts.

    Args:
        texts: Documents.
        config: Model, sizes, text, training; a ``source.validation_fraction`` of the documents, ``MAX_HELD_OUT`` at the
            most, is held out.
        settings: What is hidden.
        folder: Keep the state of the training here after each epoch.
        resume: Go on from the state in ``folder``.
        verbose: Show progress on standard error.

    Returns:
        The encoder (ids -> features), its vectorizer and figures; no labels.

    Raises:
        InputError: The model has nothing that could name a token, or there is too little text.
    """
    require_tensorflow_backend("pretraining")
    if not config.network.sequence_layers:
        raise InputError(f"{config.model} cannot be pretrained: it has no layer that tells what stands where")
    if config.training.strategy != "none":
        raise InputError("training.strategy is for classifiers; a pretraining runs on one device")
    fit.set_random_seed(config.seed, config.training.deterministic)
    train_texts, held_out_texts = _hold_out(texts, config)
    vectorizer = Vectorizer.adapt(train_texts, config.text)
    size = len(vectorizer.vocabulary)
    train, held_out = (
        _drop_unknown_documents(RaggedIds(*vectorizer.encode(part))) for part in (train_texts, held_out_texts)
    )
    if not len(train) or not len(held_out):
        raise InputError(f"{len(texts)} texts are too few, or no token occurs {config.text.min_count} times")

    sampled = 0 < settings.negative_samples < size
    probabilities = masking.negative_sampling_probabilities(train, size)
    with fit.dtype_policy_scope(config.training.dtype_policy):
        network = config.network.build(vocabulary_size=size, num_classes=2)
        trainer = Pretrainer(
            network,
            states=config.network.sequence_layers,
            probabilities=probabilities,
            negative_samples=settings.negative_samples * sampled,
        )
    steps = -(-len(train) // config.training.batch_size)
    epochs = config.training.epochs or fit.default_epochs(steps)
    trainer.compile(optimizer=fit.build_optimizer(config.training, steps * epochs), jit_compile=False)
    trainer((np.full((1, 8), 2, np.int32), np.zeros((1, 2), np.int32)))
    trainer.optimizer.build(trainer.trainable_variables)
    held_out_batches = masking.held_out_batches(held_out, settings, size, seed=config.seed)
    hidden = sum(len(answers) for _, answers in held_out_batches.as_numpy_iterator())
    checkpoint = Checkpoint(
        monitor="loss", documents=len(held_out), patience=config.training.patience, folder=folder,
        fingerprint=_fingerprint(config, settings, train, held_out),
    )  # fmt: skip
    callbacks = [checkpoint, *fit.tensorboard(config.training, folder)]
    if verbose:
        callbacks.append(Progress(epochs=epochs, documents=len(train), batch_size=config.training.batch_size))
    run_epochs(
        trainer,
        lambda epoch, _: masking.training_batches(
            train, settings, probabilities, config.training.batch_size, seed=config.seed, first_epoch=epoch
        ),
        lambda _: held_out_batches, checkpoint, steps=steps, epochs=epochs, resume=resume, callbacks=callbacks,
    )  # fmt: skip
    encoder = keras.Model(network.input, network.get_layer("features").output)
    return Bundle(
        config=config, vectorizer=vectorizer, labels=[], model=encoder, history=checkpoint.history,
        metrics=_metrics(checkpoint, encoder, hidden, len(train)),
    )  # fmt: skip


def _hold_out(texts: Sequence[str], config: Config[Any]) -> tuple[list[str], list[str]]:
    """The texts to learn from, and those that are held out."""
    count = min(MAX_HELD_OUT, max(1, round(config.source.validation_fraction * len(texts))))
    held_out = set(np.random.default_rng(config.source.split_seed).permutation(len(texts))[:count].tolist())
    return (
        [text for number, text in enumerate(texts) if number not in held_out],
        [texts[number] for number in sorted(held_out)],
    )


def _drop_unknown_documents(ids: RaggedIds) -> RaggedIds:
    """The documents that hold a token of the vocabulary; others have nothing to name."""
    rows = np.repeat(np.arange(len(ids)), ids.lengths)
    kept = np.bincount(rows[ids.values > masking.UNKNOWN], minlength=len(ids)) > 0
    return RaggedIds(ids.values[kept[rows]], np.concatenate([[0], np.cumsum(ids.lengths[kept])]))


def _fingerprint(config: Config[Any], settings: MaskingConfig, *documents: RaggedIds) -> dict[str, Any]:
    digest = hashlib.sha256(b"".join(array.tobytes() for ids in documents for array in (ids.values, ids.row_splits)))
    return {
        "model": config.model,
        "seed": config.seed,
        **config.flatten(("text", "network", "training")),
        **{f"masking.{key}": value for key, value in settings.to_dict().items()},
        "texts": digest.hexdigest(),
    }


def _metrics(checkpoint: Checkpoint, encoder: keras.Model, hidden: int, documents: int) -> dict[str, Any]:
    best = checkpoint.history[checkpoint.best_epoch - 1]
    return {
        "validation": {
            "tokens": hidden,
            "accuracy": best["val_accuracy"],
            "loss": best["val_loss"],
            "perplexity": best["val_perplexity"],
        },
        "parameters": encoder.count_params(),
        **checkpoint.speed(documents),
    }
