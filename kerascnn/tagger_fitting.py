"""Train a tagger in memory: from sentences of tokens and tags to a ``TaggerBundle``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.config import TRAINING_GROUPS, Config, TrainingConfig
from kerascnn.data.ragged import RaggedIds, RaggedTargets
from kerascnn.data.tag_schemes import NEW_TAG, has_spans
from kerascnn.models.built_model import BuiltModel
from kerascnn.tagged_texts import find_pieces, split_into_characters
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.tasks import Tagging
from kerascnn.text.config import TextConfig
from kerascnn.text.token_vectorizer import TokenVectorizer
from kerascnn.text.word_vectors import WordVectors
from kerascnn.training import fit
from kerascnn.training.distributed import strategies
from kerascnn.training.fit import EncodedDataset
from kerascnn.training.optimizers import describe_optimizer
from kerascnn.transfer import embedding_vectors, layer_groups, tagger_start
from kerascnn.transfer.pretrained_vectors import open_vectors
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_training
from kerascnn.utils.stderr import log

BATCH_SIZE, MIN_STEPS = 32, 80
"""Sentences per batch, fewer if an epoch had fewer steps than this, at least 8; if the settings leave it open."""
STEPS, MIN_EPOCHS, MAX_EPOCHS = 5000, 5, 50
"""Steps of a training, and bounds of its epochs, if the settings leave them open."""
MAX_NEW_WORDS = 100_000
"""Words with a vector that join the vocabulary, if the settings leave it open: texts have many words that no training
sentence has."""


@dataclass(frozen=True)
class TaggedSentences:
    """Sentences of tokens with their tags."""

    tokens: list[list[str]]
    tags: list[list[str]]
    """Tags of spans have the scheme IOB2. Of a sentence that only a teacher tags, they are an empty list."""
    soft_labels: list[np.ndarray] | None = None
    """The probabilities of a teacher, float32 (tokens, tags) for each sentence, in the order of the sorted tags."""

    def select(self, rows: Sequence[int]) -> TaggedSentences:
        """Return some of the sentences; soft labels have columns for their tags only."""
        soft_labels = self.soft_labels and [self.soft_labels[row] for row in rows]
        selected = TaggedSentences([self.tokens[row] for row in rows], [self.tags[row] for row in rows], soft_labels)
        labels, kept = self.list_labels(), selected.list_labels()
        if soft_labels and labels != kept:
            columns = [labels.index(label) for label in kept]
            parts = [values[:, columns] + 1e-9 for values in soft_labels]
            soft_labels = [values / values.sum(axis=1, keepdims=True) for values in parts]
        return dataclasses.replace(selected, soft_labels=soft_labels)

    def list_labels(self) -> list[str]:
        """Return all tags, sorted."""
        return sorted({tag for tags in self.tags for tag in tags})

    def prepare(self, settings: TextConfig) -> TaggedSentences:
        """Return the sentences that a model learns: of characters, if it tags these, and none too long."""
        tokens, tags, soft_labels = self.tokens, self.tags, self.soft_labels
        if settings.level == "character":
            if soft_labels and any(len(token) > 1 for sentence in tokens for token in sentence):
                raise InputError(
                    "the soft labels are those of tokens, and the model tags characters; give --model id_cnn"
                )
            tokens, tags = split_into_characters(tokens, tags)
        pieces = [
            (row, start, end)
            for row, sentence in enumerate(tokens)
            for start, end in find_pieces(tags[row], len(sentence), settings.max_length)
        ]
        return TaggedSentences(
            [tokens[row][start:end] for row, start, end in pieces],
            [tags[row][start:end] for row, start, end in pieces],
            [soft_labels[row][start:end] for row, start, end in pieces] if soft_labels else None,
        )


def train_tagger(
    config: Config[Any],
    train: TaggedSentences,
    validation: TaggedSentences,
    *,
    optimizer: keras.optimizers.Optimizer | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    folder: Path | None = None,
    resume: bool = False,
    verbose: bool = False,
) -> TaggerBundle:
    """Build the vocabularies and the model, and train the model.

    Args:
        config: The run.
        train: Training sentences.
        validation: Validation sentences, which choose the epoch.
        optimizer: Optimizer to use instead of that of the settings.
        callbacks: Keras callbacks, see ``training.fit.fit``.
        folder: Folder for the checkpoint of each epoch; None: no checkpoints.
        resume: Continue from the checkpoint in ``folder``.
        verbose: Show progress on standard error.

    Raises:
        InputError: A setting cannot be used, or the checkpoint belongs to another run.
    """
    train, validation = train.prepare(config.text), validation.prepare(config.text)
    labels = train.list_labels()
    if not labels:
        raise InputError("no training sentence has a token with a tag; give data with tags")
    if len(labels) < 2:
        raise InputError(f"all training tokens have the tag {labels[0]!r}; a tagger needs at least two tags")
    strategy = strategies.create_strategy(config.training.strategy)
    fit.set_random_seed(config.seed, config.training.deterministic)
    word_length = config.network.word_length
    vectorizer = TokenVectorizer.adapt(train.tokens, config.text, word_length=word_length)
    config, vectorizer, vectors = _look_up_vectors(config, vectorizer)
    if config.transfer.init_from:
        vectorizer = tagger_start.inherit_vocabulary(vectorizer, Path(config.transfer.init_from))
    if verbose:
        log(f"built a vocabulary of {len(vectorizer.vocabulary):,} tokens from {len(train.tokens):,} sentences")
    datasets = [_encode(sentences, vectorizer, labels) for sentences in (train, validation)]
    built, metrics = _build_model(config, vectorizer, len(labels), datasets[0], vectors, verbose=verbose)
    settings = plan_settings(config.training, config.network.learning_rate, len(train.tokens), has_spans(labels))
    frozen = config.transfer.freeze and config.transfer.frozen_epochs
    unfreezing = [layer_groups.GradualUnfreezing(config.transfer, built.roles)] if frozen else []
    fingerprint = {"model": config.model, "seed": config.seed, **config.flatten(TRAINING_GROUPS)}
    fingerprint |= {"training data": datasets[0].digest(), "validation data": datasets[1].digest()}
    fingerprint |= {"soft labels": datasets[0].soft_labels_digest()}
    with lock_training(folder, config.training.strategy):
        trained = fit.fit(
            built.model, datasets[0], datasets[1] if validation.tokens else None, settings, seed=config.seed,
            task=Tagging(labels=tuple(labels)), optimizer=optimizer, folder=folder, resume=resume, strategy=strategy,
            callbacks=[*unfreezing, *callbacks], fingerprint=fingerprint, verbose=verbose,
        )  # fmt: skip
    if optimizer is not None:
        metrics["optimizer"] = describe_optimizer(optimizer)
    speed = trained.speed(len(train.tokens))
    speed["tokens_per_second"] = round(
        trained.epoch * int(datasets[0].ids.lengths.sum()) / max(trained.seconds, 1e-9), 1
    )
    metrics = {"parameters": built.model.count_params(), **speed, **metrics}
    return TaggerBundle(config, vectorizer, labels, built.model, built.roles, metrics, trained.history)


def plan_settings(settings: TrainingConfig, rate: float, num_sentences: int, is_spans: bool) -> TrainingConfig:
    """Return settings with a value for each that is 0: a tagger takes more and smaller steps than other classifiers.

    Args:
        settings: The settings of the run.
        rate: Learning rate of the model.
        num_sentences: Number of training sentences.
        is_spans: Whether the tags have spans; then their F1 is monitored in place of the accuracy.
    """
    batch_size = settings.batch_size or min(BATCH_SIZE, max(8, num_sentences // MIN_STEPS))
    epochs = min(max(MIN_EPOCHS, math.ceil(STEPS * batch_size / num_sentences)), MAX_EPOCHS)
    monitor = "span_f1" if is_spans and settings.monitor in ("accuracy", "macro_f1") else settings.monitor
    if monitor not in ("accuracy", "loss") and not is_spans:
        raise InputError(f"training.monitor {monitor}: the tags have no spans; give accuracy or loss")
    return dataclasses.replace(
        settings, batch_size=batch_size, epochs=settings.epochs or epochs, monitor=monitor,
        learning_rate=settings.learning_rate or rate,
    )  # fmt: skip


def _look_up_vectors(
    config: Config[Any], vectorizer: TokenVectorizer
) -> tuple[Config[Any], TokenVectorizer, WordVectors | None]:
    """Add words with a pretrained vector to the vocabulary, and return the vectors of all words, if there are any."""
    settings = config.transfer
    if not settings.vectors:
        return config, vectorizer, None
    source = open_vectors(settings)
    limit = settings.max_new_words if settings.extend_vocabulary >= 0 else MAX_NEW_WORDS
    vectorizer = vectorizer.add_words(islice(source.words(), limit))
    vectors = source.look_up(vectorizer.vocabulary)
    network = dataclasses.replace(config.network, embedding_dim=vectors.rows.shape[1])
    return dataclasses.replace(config, network=network), vectorizer, vectors


def _encode(sentences: TaggedSentences, vectorizer: TokenVectorizer, labels: Sequence[str]) -> EncodedDataset:
    """Return ids and targets; that of no tag is -1, that of a tag that is not a label ``NEW_TAG``."""
    values, row_splits = vectorizer.encode(sentences.tokens)
    positions = {label: position for position, label in enumerate(labels)}
    targets = [
        positions.get(tag, NEW_TAG if tag else -1)
        for tokens, tags in zip(sentences.tokens, sentences.tags, strict=True)
        for tag in tags or [""] * len(tokens)
    ]
    soft_labels = None
    if sentences.soft_labels is not None:
        soft_labels = RaggedTargets(np.concatenate(sentences.soft_labels).astype(np.float32), row_splits)
    return EncodedDataset(
        RaggedIds(values, row_splits), RaggedTargets(np.array(targets, np.int32), row_splits), soft_labels
    )


def _build_model(
    config: Config[Any],
    vectorizer: TokenVectorizer,
    num_labels: int,
    train: EncodedDataset,
    vectors: WordVectors | None,
    *,
    verbose: bool,
) -> tuple[BuiltModel, dict[str, Any]]:
    """Build the model with its initial weights, and return what is known before the training."""
    with fit.dtype_policy_scope(config.training.dtype_policy):
        built = config.network.build(
            vocabulary_size=len(vectorizer.vocabulary), num_classes=num_labels,
            num_characters=len(vectorizer.characters),
        )  # fmt: skip
    metrics: dict[str, Any] = {}
    if config.transfer.init_from:
        metrics = dict(tagger_start.copy_weights(built, vectorizer, config.transfer.init_from, verbose=verbose))
    if vectors:
        embedding_vectors.copy_vectors(
            built, vectors, stddev=config.transfer.vectors_stddev, seed=config.seed,
            default=embedding_vectors.TAGGER_STDDEV,
        )  # fmt: skip
        ids = train.ragged_ids.values
        counts = np.bincount(ids[:, 0] if ids.ndim > 1 else ids, minlength=len(vectorizer.vocabulary))
        metrics = dict(embedding_vectors.measure_coverage(vectors, counts))
        if verbose:
            log(f"{config.transfer.vectors}: vectors of {metrics['token_coverage']:.1%} of the training tokens")
    if not config.transfer.frozen_epochs:
        layer_groups.freeze_groups(built, config.transfer.freeze)
    return built, metrics
