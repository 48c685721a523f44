"""Build the model of a run: new weights, pretrained word vectors, or weights of another bundle."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kerascnn.config import Config, TransferConfig
from kerascnn.models import BuiltModel, ModelConfig
from kerascnn.text import word_vectors
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.transfer import embedding_vectors, initial_weights, layer_groups
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log


@dataclass(frozen=True)
class InitialModel:
    """A model that is ready for training."""

    config: Config[Any]
    """Settings of the run; ``network.embedding_dim`` has the length of the word vectors, if there are any."""
    built: BuiltModel
    metrics: dict[str, float] = field(default_factory=dict)
    """Metrics that are known before training, for ``metrics.json``."""
    messages: tuple[str, ...] = ()
    """Notes for the user, one sentence each."""
    learning_rate_factors: dict[str, float] = field(default_factory=dict)
    """Factor of the learning rate by path of the variable; 1 for other variables."""
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    """Callbacks that training needs."""

    def log_messages(self) -> None:
        """Print the messages to standard error."""
        for message in self.messages:
            log(message)


def extend_vocabulary(vectorizer: Vectorizer, settings: TransferConfig) -> Vectorizer:
    """Add tokens that have pretrained weights, even if no training text has them.

    These are the tokens of the bundle ``settings.init_from``, or the first ``settings.extend_vocabulary`` words of the
    file of word vectors that are a single token.

    Raises:
        InputError: The bundle cannot be read, or its text settings differ.
    """
    if settings.init_from:
        return initial_weights.inherit_vocabulary(vectorizer, settings.init_from)
    if not (settings.vectors and settings.extend_vocabulary) or vectorizer.sentencepiece:
        return vectorizer
    known = set(vectorizer.vocabulary)
    candidates = (word for word in word_vectors.read_words(settings.vectors) if word not in known)
    tokens = (word for word in candidates if vectorizer.is_single_token(word))
    added = dict.fromkeys(itertools.islice(tokens, settings.extend_vocabulary))
    return Vectorizer(vectorizer.settings, [*vectorizer.vocabulary, *added], vectorizer.stop_words)


def build_model(config: Config[Any], vectorizer: Vectorizer, num_classes: int, token_ids: np.ndarray) -> InitialModel:
    """Build the model of a run and initialize its weights.

    Args:
        config: Settings of the run.
        vectorizer: Vectorizer of the training texts, see ``extend_vocabulary``.
        num_classes: Number of classes.
        token_ids: Ids of all training tokens, int32 (tokens,).

    Raises:
        InputError: The word vectors or the bundle cannot be used, or the model has no embedding for the vectors.
    """
    settings = config.transfer
    if settings.vectors and settings.init_from:
        raise InputError("--vectors and --init-from both initialize the embedding; use only one of them")
    if settings.vectors:
        initial = _build_with_vectors(config, vectorizer, num_classes, token_ids)
    elif settings.init_from:
        initial = _build_from_bundle(config, vectorizer, num_classes)
    else:
        initial = InitialModel(config, _build(config, vectorizer, num_classes))
    if settings.layerwise_lr_decay != 1:
        factors = layer_groups.learning_rate_factors(initial.built, settings.layerwise_lr_decay)
        initial = dataclasses.replace(initial, learning_rate_factors=factors)
    if settings.freeze and settings.frozen_epochs:
        return dataclasses.replace(initial, callbacks=(layer_groups.GradualUnfreezing(settings, initial.built.roles),))
    layer_groups.freeze_groups(initial.built, settings.freeze)
    return initial


def _build(config: Config[Any], vectorizer: Vectorizer, num_classes: int) -> BuiltModel:
    network: ModelConfig = config.network
    built = network.build(vocabulary_size=len(vectorizer.vocabulary), num_classes=num_classes)
    network.load_pretrained_weights(built, vectorizer.vocabulary)
    return built


def _build_with_vectors(
    config: Config[Any], vectorizer: Vectorizer, num_classes: int, token_ids: np.ndarray
) -> InitialModel:
    path, size = config.transfer.vectors, len(vectorizer.vocabulary)
    vectors = word_vectors.read_vectors(path, vectorizer.vocabulary)
    if not hasattr(config.network, "embedding_dim"):
        raise InputError(f"{config.model} has no network.embedding_dim, so it cannot use --vectors; leave it out")
    network = dataclasses.replace(config.network, embedding_dim=vectors.rows.shape[1])
    config = dataclasses.replace(config, network=network)
    built = _build(config, vectorizer, num_classes)
    embedding_vectors.copy_vectors(built, vectors, stddev=config.transfer.vectors_stddev, seed=config.seed)
    metrics = embedding_vectors.measure_coverage(vectors, token_ids, size)
    message = (
        f"{path}: {config.network.embedding_dim} dimensions, vectors for {metrics['vocabulary_coverage']:.1%} of the"
        f" {size - len(RESERVED_TOKENS):,} tokens of the vocabulary and for {metrics['token_coverage']:.1%} of the"
        " training text"
    )
    return InitialModel(config, built, metrics, (*vectors.messages, message))


def _build_from_bundle(config: Config[Any], vectorizer: Vectorizer, num_classes: int) -> InitialModel:
    folder, size = config.transfer.init_from, len(vectorizer.vocabulary)
    built = _build(config, vectorizer, num_classes)
    copied = initial_weights.copy_weights(built, folder, size)
    message = (
        f"{folder}: has {copied.tokens:,} of the {size:,} tokens; copied the weights of {', '.join(copied.layers)};"
        f" new weights in {', '.join(copied.new_layers)}"
    )
    return InitialModel(config, built, {"inherited_vocabulary": copied.tokens / size}, (message,))
