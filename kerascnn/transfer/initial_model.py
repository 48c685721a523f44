"""Build the model of a run: new weights, pretrained word vectors, or weights of another bundle."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kerascnn.config import Config, TransferConfig
from kerascnn.data.ragged import Documents
from kerascnn.models import BuiltModel, ModelConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.text.word_vectors import WordVectors
from kerascnn.transfer import embedding_vectors, initial_vocabulary, initial_weights, layer_groups
from kerascnn.transfer.pretrained_vectors import VectorSource
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


def extend_vocabulary(vectorizer: Vectorizer, settings: TransferConfig, source: VectorSource | None) -> Vectorizer:
    """Add tokens that have pretrained weights, even if no training text has them.

    These are the tokens of the bundle ``settings.init_from``, or the first ``settings.max_new_words`` words with a
    vector that are a single token.

    Args:
        vectorizer: Vectorizer of the training texts.
        settings: What to start from.
        source: Pretrained word vectors; None: none.

    Raises:
        InputError: The bundle cannot be read, or its text settings differ.
    """
    if settings.init_from:
        return initial_vocabulary.inherit_vocabulary(vectorizer, settings.init_from)
    if not (source and settings.max_new_words) or vectorizer.sentencepiece:
        return vectorizer
    known = set(vectorizer.vocabulary)
    candidates = (word for word in dict.fromkeys(source.words()) if word not in known)
    tokens = (word for word in candidates if vectorizer.is_single_token(word))
    added = itertools.islice(tokens, settings.max_new_words)
    return Vectorizer(vectorizer.settings, [*vectorizer.vocabulary, *added], vectorizer.stop_words)


def build_model(
    config: Config[Any],
    vectorizer: Vectorizer,
    num_classes: int,
    documents: Documents,
    vectors: WordVectors | None = None,
) -> InitialModel:
    """Build the model of a run and initialize its weights.

    Args:
        config: Settings of the run.
        vectorizer: Vectorizer of the training texts, see ``extend_vocabulary``.
        num_classes: Number of classes.
        documents: Training documents.
        vectors: Pretrained word vectors for the vocabulary; None: none.

    Raises:
        InputError: The bundle cannot be used.
    """
    settings = config.transfer
    if vectors:
        initial = _build_with_vectors(config, vectorizer, num_classes, documents, vectors)
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
    config: Config[Any], vectorizer: Vectorizer, num_classes: int, documents: Documents, vectors: WordVectors
) -> InitialModel:
    metrics, messages = describe_vectors(config, vectors, documents.count_ids(len(vectorizer.vocabulary)))
    if not hasattr(config.network, "embedding_dim"):  # the vectors are for the linear member
        return InitialModel(config, _build(config, vectorizer, num_classes), metrics, messages)
    network = dataclasses.replace(config.network, embedding_dim=vectors.rows.shape[1])
    config = dataclasses.replace(config, network=network)
    built = _build(config, vectorizer, num_classes)
    embedding_vectors.copy_vectors(built, vectors, stddev=config.transfer.vectors_stddev, seed=config.seed)
    return InitialModel(config, built, metrics, messages)


def describe_vectors(
    config: Config[Any], vectors: WordVectors, counts: np.ndarray
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the metrics of word vectors, see ``measure_coverage``, and sentences for the user.

    Args:
        config: The run.
        vectors: Vectors for the vocabulary.
        counts: How often each id occurs in the training text, int (vocabulary_size,).
    """
    metrics = embedding_vectors.measure_coverage(vectors, counts)
    message = (
        f"{config.transfer.vectors}: {vectors.rows.shape[1]} dimensions, vectors for"
        f" {metrics['vocabulary_coverage']:.1%} of the {len(counts) - len(RESERVED_TOKENS):,} tokens of the"
        f" vocabulary and for {metrics['token_coverage']:.1%} of the training text"
    )
    return metrics, (*vectors.messages, message)


def _build_from_bundle(config: Config[Any], vectorizer: Vectorizer, num_classes: int) -> InitialModel:
    folder, size = config.transfer.init_from, len(vectorizer.vocabulary)
    built = _build(config, vectorizer, num_classes)
    copied = initial_weights.copy_weights(built, folder, size)
    message = (
        f"{folder}: has {copied.tokens:,} of the {size:,} tokens; copied the weights of {', '.join(copied.layers)};"
        f" new weights in {', '.join(copied.new_layers)}"
    )
    return InitialModel(config, built, {"inherited_vocabulary": copied.tokens / size}, (message,))
