"""How a training begins: the network, and what it brings along from elsewhere."""

from __future__ import annotations

import dataclasses
import itertools
import sys
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kerascnn.config import Config, TransferConfig
from kerascnn.text import word_vectors
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.transfer import embedding_vectors, initial_weights, layer_groups
from kerascnn.utils.errors import InputError


@dataclass(frozen=True)
class InitialModel:
    """A network that is ready to be trained."""

    config: Config[Any]
    """The run, with the sizes that follow from what the network brings along."""
    model: keras.Model
    metrics: dict[str, float] = field(default_factory=dict)
    """What is known before the first epoch, for ``metrics.json``."""
    messages: tuple[str, ...] = ()
    """What a person should be told, a sentence each."""
    rate_factors: dict[str, float] = field(default_factory=dict)
    """The learning rate of a weight as a part of that of the run, by the weight's path; 1 for others."""
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    """What happens between the epochs."""

    def log_messages(self) -> None:
        """Say the messages on standard error."""
        for message in self.messages:
            print(message, file=sys.stderr, flush=True)


def extend_vocabulary(vectorizer: Vectorizer, settings: TransferConfig) -> Vectorizer:
    """A vectorizer that also knows the words that the network brings along, so that unseen words mean something.

    These are the tokens of the bundle to start from, or the first words of the file of vectors; of the latter, a word
    that the vectorizer would take apart or change is left out.

    Raises:
        InputError: The bundle reads text otherwise, or cannot be read.
    """
    if settings.init_from:
        return initial_weights.extend_vocabulary(vectorizer, settings.init_from)
    if not (settings.vectors and settings.extend_vocabulary):
        return vectorizer
    known = set(vectorizer.vocabulary)
    candidates = (word for word in word_vectors.read_words(settings.vectors) if word not in known)
    whole = (word for word in candidates if vectorizer.is_single_token(word))
    added = dict.fromkeys(itertools.islice(whole, settings.extend_vocabulary))
    return Vectorizer(vectorizer.settings, [*vectorizer.vocabulary, *added], vectorizer.stop_words)


def build_model(config: Config[Any], vectorizer: Vectorizer, classes: int, values: np.ndarray) -> InitialModel:
    """Build the network of a run.

    Args:
        config: The run.
        vectorizer: Of the training texts.
        classes: Number of classes.
        values: Ids of all training tokens, int32 (tokens,).

    Raises:
        InputError: The vectors cannot be used, or the model has no place for them.
    """
    settings, size = config.transfer, len(vectorizer.vocabulary)
    if settings.vectors and settings.init_from:
        raise InputError("the embedding starts from --vectors or from --init-from; leave one out")
    found = word_vectors.read_vectors(settings.vectors, vectorizer.vocabulary) if settings.vectors else None
    if found:
        if not hasattr(config.network, "embedding_dim"):
            raise InputError(f"{config.model} has no network.embedding_dim that vectors could set; leave out --vectors")
        network = dataclasses.replace(config.network, embedding_dim=found.rows.shape[1])
        config = dataclasses.replace(config, network=network)
    model = config.network.build(vocabulary_size=size, num_classes=classes)
    metrics: dict[str, float] = {}
    messages: tuple[str, ...] = ()
    if found:
        embedding_vectors.copy_vectors(model, found, deviation=settings.vectors_stddev, seed=config.seed)
        metrics = embedding_vectors.measure_coverage(found, values, size)
        messages = (*found.messages, _describe_vectors(config, metrics, size))
    if settings.init_from:
        copied = initial_weights.copy_weights(model, settings.init_from, size)
        metrics = {"origin_tokens": copied.tokens / size}
        messages = (_describe_copied_weights(settings.init_from, copied, size),)
    rate_factors = (
        layer_groups.learning_rate_factors(model, settings.layerwise_lr_decay)
        if settings.layerwise_lr_decay != 1
        else {}
    )
    if settings.freeze and settings.frozen_epochs:
        return InitialModel(config, model, metrics, messages, rate_factors, (layer_groups.GradualUnfreezing(settings),))
    layer_groups.freeze_groups(model, settings.freeze)
    return InitialModel(config, model, metrics, messages, rate_factors)


def _describe_vectors(config: Config[Any], metrics: dict[str, float], size: int) -> str:
    return (
        f"{config.transfer.vectors}: {config.network.embedding_dim} dimensions, for {metrics['vectors_types']:.1%} of"
        f" the {size - 2:,} tokens and {metrics['vectors_tokens']:.1%} of the training text"
    )


def _describe_copied_weights(folder: str, copied: initial_weights.CopiedWeights, size: int) -> str:
    return (
        f"{folder}: {copied.tokens:,} of the {size:,} tokens are its own; from it are {', '.join(copied.layers)};"
        f" new are {', '.join(copied.new)}"
    )
