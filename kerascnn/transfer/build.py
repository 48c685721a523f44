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
class Start:
    """A network that is ready to be trained."""

    config: Config[Any]
    """The run, with the sizes that follow from what the network brings along."""
    model: keras.Model
    metrics: dict[str, float] = field(default_factory=dict)
    """What is known before the first epoch, for ``metrics.json``."""
    messages: tuple[str, ...] = ()
    """What a person should be told, a sentence each."""
    rates: dict[str, float] = field(default_factory=dict)
    """The learning rate of a weight as a part of that of the run, by the weight's path; 1 for others."""
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    """What happens between the epochs."""

    def tell(self) -> None:
        """Say the messages on standard error."""
        for message in self.messages:
            print(message, file=sys.stderr, flush=True)


def extended(vectorizer: Vectorizer, settings: TransferConfig) -> Vectorizer:
    """A vectorizer that also knows the words that the network brings along, so that unseen words mean something.

    These are the tokens of the bundle to start from, or the first words of the file of vectors; of the latter, a word
    that the vectorizer would take apart or change is left out.

    Raises:
        InputError: The bundle reads text otherwise, or cannot be read.
    """
    if settings.init_from:
        return initial_weights.extended(vectorizer, settings.init_from)
    if not (settings.vectors and settings.extend_vocabulary):
        return vectorizer
    known = set(vectorizer.vocabulary)
    candidates = (word for word in word_vectors.read_words(settings.vectors) if word not in known)
    whole = (word for word in candidates if vectorizer.is_single_token(word))
    added = dict.fromkeys(itertools.islice(whole, settings.extend_vocabulary))
    return Vectorizer(vectorizer.settings, [*vectorizer.vocabulary, *added], vectorizer.stop_words)


def begin(config: Config[Any], vectorizer: Vectorizer, classes: int, values: np.ndarray) -> Start:
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
    model = config.network.build(vocabulary_size=size, classes=classes)
    metrics: dict[str, float] = {}
    messages: tuple[str, ...] = ()
    if found:
        embedding_vectors.place(model, found, deviation=settings.vectors_stddev, seed=config.seed)
        metrics = embedding_vectors.coverage(found, values, size)
        messages = (*found.messages, _told(config, metrics, size))
    if settings.init_from:
        placed = initial_weights.place(model, settings.init_from, size)
        metrics = {"origin_tokens": placed.tokens / size}
        messages = (_inherited(settings.init_from, placed, size),)
    rates = layer_groups.rates(model, settings.layerwise_lr_decay) if settings.layerwise_lr_decay != 1 else {}
    if settings.freeze and settings.frozen_epochs:
        return Start(config, model, metrics, messages, rates, (layer_groups.Unfreezing(settings),))
    layer_groups.freeze(model, settings.freeze)
    return Start(config, model, metrics, messages, rates)


def _told(config: Config[Any], metrics: dict[str, float], size: int) -> str:
    return (
        f"{config.transfer.vectors}: {config.network.embedding_dim} dimensions, for {metrics['vectors_types']:.1%} of"
        f" the {size - 2:,} tokens and {metrics['vectors_tokens']:.1%} of the training text"
    )


def _inherited(folder: str, placed: initial_weights.Placed, size: int) -> str:
    return (
        f"{folder}: {placed.tokens:,} of the {size:,} tokens are its own; from it are {', '.join(placed.layers)};"
        f" new are {', '.join(placed.new)}"
    )
