"""Pretrain the encoder of a model on texts without labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.config import Config
from kerascnn.data.ragged import RaggedIds
from kerascnn.layers import MaskedGlobalPooling1D
from kerascnn.models import BuiltModel
from kerascnn.pretraining import masking
from kerascnn.pretraining.config import MaskingConfig
from kerascnn.pretraining.pretrainer import Pretrainer
from kerascnn.tagged_texts import find_pieces
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.text.config import TextConfig
from kerascnn.text.token_vectorizer import TokenVectorizer
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.words import split_characters, split_words
from kerascnn.training import fit
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.multi_step import run_epochs
from kerascnn.training.optimizers import build_optimizer
from kerascnn.training.plan import plan_training
from kerascnn.training.progress import ProgressBar
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import require_tensorflow_backend

TAGGER_MASK = "valid_tokens"
"""Layer that only taggers have."""
MAX_HELD_OUT = 1000
"""Largest number of held-out documents: enough to measure perplexity to one percent."""


@dataclass(frozen=True)
class _Corpus:
    """Vectorized texts."""

    vectorizer: Vectorizer | TokenVectorizer
    train: RaggedIds
    held_out: RaggedIds

    @property
    def vocabulary_size(self) -> int:
        return len(self.vectorizer.vocabulary)


def pretrain(
    texts: Sequence[str],
    config: Config[Any],
    settings: MaskingConfig,
    *,
    folder: Path | None = None,
    resume: bool = False,
    verbose: bool = False,
) -> Bundle | TaggerBundle:
    """Pretrain the encoder of a model by masked token prediction.

    Args:
        texts: Documents.
        config: Settings of the run. A fraction ``source.validation_fraction`` of the documents, at most
            ``MAX_HELD_OUT``, is held out.
        settings: Masking rate and negative samples.
        folder: Folder for a checkpoint after each epoch; None: no checkpoints.
        resume: Continue from the checkpoint in ``folder``.
        verbose: Show progress on standard error.

    Returns:
        The encoder (ids -> features) with its vectorizer and metrics; it has no labels.

    Raises:
        InputError: The model has no outputs per token, a setting does not suit pretraining, or there are too few texts.
    """
    require_tensorflow_backend("pretraining")
    if not config.network.has_sequence_outputs:
        raise InputError(f"{config.model} cannot be pretrained: none of its layers has outputs per token")
    if config.training.strategy != "none":
        raise InputError("training.strategy: pretraining runs on one device; leave it out")
    is_tagger = config.network.tags_tokens
    fit.set_random_seed(config.seed, config.training.deterministic)
    corpus = _vectorize(texts, config, verbose=verbose)
    probabilities = masking.negative_sampling_probabilities(corpus.train, corpus.vocabulary_size)
    with fit.dtype_policy_scope(config.training.dtype_policy):
        built = _build(config, corpus)
        encoder = keras.Model(built.model.input, built.sequence_outputs[0]) if is_tagger else built.encoder()
        trainer = build_pretrainer(built, settings, probabilities)
    num_documents = len(corpus.train)
    plan = plan_training(config.training, num_documents)
    batches = partial(masking.masked_batches, corpus.train, settings, probabilities, plan.batch_size, seed=config.seed)
    held_out_batches = masking.held_out_batches(corpus.held_out, settings, corpus.vocabulary_size, seed=config.seed)
    _compile(trainer, config, plan.steps)
    checkpoint = Checkpoint(
        monitor="loss", num_documents=len(corpus.held_out), patience=plan.patience, folder=folder,
        fingerprint=_fingerprint(config, settings, corpus),
    )  # fmt: skip
    callbacks = [checkpoint, *fit.tensorboard_callbacks(config.training, folder)]
    if verbose:
        callbacks.append(ProgressBar(epochs=plan.epochs, num_documents=num_documents, batch_size=plan.batch_size))
    run_epochs(
        trainer, lambda epoch, _: batches(first_epoch=epoch), lambda _: held_out_batches, checkpoint,
        steps_per_epoch=plan.steps_per_epoch, epochs=plan.epochs, resume=resume, callbacks=callbacks,
    )  # fmt: skip
    masked_tokens = sum(len(targets) for _, targets in held_out_batches.as_numpy_iterator())
    kind: Any = TaggerBundle if is_tagger else Bundle
    pretrained: Bundle | TaggerBundle = kind(
        config=config, vectorizer=corpus.vectorizer, labels=[], model=encoder, roles=built.roles,
        history=checkpoint.history, metrics=_collect_metrics(checkpoint, encoder, masked_tokens, num_documents),
    )  # fmt: skip
    return pretrained


def _build(config: Config[Any], corpus: _Corpus) -> BuiltModel:
    size: dict[str, int] = {"vocabulary_size": corpus.vocabulary_size, "num_classes": 2}
    if isinstance(corpus.vectorizer, TokenVectorizer):
        size["num_characters"] = len(corpus.vectorizer.characters)
    built: BuiltModel = config.network.build(**size, return_sequences=True)
    return built


def _vectorize(texts: Sequence[str], config: Config[Any], *, verbose: bool) -> _Corpus:
    """Split the texts, adapt a vectorizer to the training texts and encode all of them."""
    train_texts, held_out_texts = _hold_out(texts, config)
    vectorizer: Vectorizer | TokenVectorizer
    parts: list[Any] = [train_texts, held_out_texts]
    if config.network.tags_tokens:
        parts = [_split_into_tokens(part, config.text) for part in parts]
        vectorizer = TokenVectorizer.adapt(parts[0], config.text, word_length=config.network.word_length)
    else:
        vectorizer = Vectorizer.adapt(train_texts, config.text, verbose=verbose)
    train, held_out = (_drop_unknown_documents(RaggedIds(*vectorizer.encode(part))) for part in parts)
    if not len(train) or not len(held_out):
        raise InputError(f"{len(texts)} texts are too few, or no token occurs {config.text.min_count} times")
    return _Corpus(vectorizer, train, held_out)


def _split_into_tokens(texts: Sequence[str], settings: TextConfig) -> list[list[str]]:
    """Return the tokens of texts as those of a tagger, none longer than ``max_length``."""
    split = split_characters if settings.level == "character" else split_words
    sentences = [[text[start:end] for start, end in split(text)] for text in texts]
    return [
        sentence[start:end]
        for sentence in sentences
        for start, end in find_pieces((), len(sentence), settings.max_length)
    ]


def _hold_out(texts: Sequence[str], config: Config[Any]) -> tuple[list[str], list[str]]:
    """Return the training texts and the held-out texts."""
    count = min(MAX_HELD_OUT, max(1, round(config.source.validation_fraction * len(texts))))
    held_out = set(np.random.default_rng(config.source.split_seed).permutation(len(texts))[:count].tolist())
    return (
        [text for number, text in enumerate(texts) if number not in held_out],
        [texts[number] for number in sorted(held_out)],
    )


def _drop_unknown_documents(ids: RaggedIds) -> RaggedIds:
    """Return the documents that have a token of the vocabulary; in others there is nothing to mask."""
    rows = np.repeat(np.arange(len(ids)), ids.lengths)
    kept = np.bincount(rows[masking.select_tokens(ids.values) > masking.UNKNOWN], minlength=len(ids)) > 0
    return RaggedIds(ids.values[kept[rows]], np.concatenate([[0], np.cumsum(ids.lengths[kept])]))


def build_pretrainer(built: BuiltModel, settings: MaskingConfig, probabilities: np.ndarray) -> Pretrainer:
    """Return the trainer of a model.

    Args:
        built: Model with an embedding and sequence outputs.
        settings: Number of negative samples. If the vocabulary is not larger, training uses the whole vocabulary.
        probabilities: Probabilities of the negative samples, float (vocabulary_size,).
    """
    is_sampled = settings.negative_samples < len(probabilities)
    return Pretrainer(
        built.model,
        sequence_outputs=built.sequence_outputs,
        features=_pool_features(built),
        embedding=built.embeddings[0],
        probabilities=probabilities,
        negative_samples=settings.negative_samples if is_sampled else 0,
    )


def _pool_features(built: BuiltModel) -> Any:
    """Return the features of a document; those of a tagger, which has none, are the average of its tokens."""
    if TAGGER_MASK not in {layer.name for layer in built.model.layers}:
        return built.features
    valid = built.model.get_layer("valid").output
    return MaskedGlobalPooling1D(pooling="average")(built.sequence_outputs[0], valid)


def _compile(trainer: Pretrainer, config: Config[Any], total_steps: int) -> None:
    """Compile the trainer and create all variables, also those of the optimizer."""
    trainer.compile(optimizer=build_optimizer(config.training, total_steps), jit_compile=False)
    trainer((np.full((1, 8, *trainer.network.input_shape[2:]), 2, np.int32), np.zeros((1, 2), np.int32)))
    trainer.optimizer.build(trainer.trainable_variables)


def _fingerprint(config: Config[Any], settings: MaskingConfig, corpus: _Corpus) -> dict[str, Any]:
    """Return all values that must be equal for a run to resume."""
    parts = (corpus.train, corpus.held_out)
    digest = hashlib.sha256(b"".join(array.tobytes() for ids in parts for array in (ids.values, ids.row_splits)))
    return {
        "model": config.model,
        "seed": config.seed,
        **config.flatten(("text", "network", "training")),
        **{f"masking.{key}": value for key, value in settings.to_dict().items()},
        "texts": digest.hexdigest(),
    }


def _collect_metrics(
    checkpoint: Checkpoint, encoder: keras.Model, masked_tokens: int, num_documents: int
) -> dict[str, Any]:
    best = checkpoint.history[checkpoint.best_epoch - 1]
    return {
        "validation": {
            "tokens": masked_tokens,
            "accuracy": best["val_accuracy"],
            "loss": best["val_loss"],
            "perplexity": best["val_perplexity"],
        },
        "parameters": encoder.count_params(),
        **checkpoint.speed(num_documents),
    }
