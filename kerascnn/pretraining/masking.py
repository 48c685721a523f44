"""Batches for pretraining: documents with some tokens hidden, which the network has to name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from kerascnn.config import MaskingConfig
from kerascnn.data.batches import RaggedIds, dataset_from_generator, shuffled_batch_indices, sorted_batch_indices
from kerascnn.text.vocabulary import RESERVED_TOKENS

UNKNOWN = RESERVED_TOKENS.index("[UNK]")
# Of the hidden tokens, so many become unknown and so many another token (Devlin et al. 2019, section 3.1).
UNKNOWN_FRACTION, RANDOM_FRACTION = 0.8, 0.1
# The frequency of a token to this power is how often it is drawn as a wrong answer (Mikolov et al. 2013, section 2.2).
SAMPLING_POWER = 0.75
# Held-out documents in a batch: few, because each hidden token of theirs is compared with the whole vocabulary.
HELD_OUT_BATCH = 16

Batch = tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
SIGNATURE = (
    (tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None, 2), tf.int32), tf.TensorSpec((None,), tf.int32)),
    tf.TensorSpec((None,), tf.int32),
)
"""((ids with hidden tokens (batch, length), their places (hidden, 2): document, position; wrong answers (drawn,)), the
hidden tokens (hidden,)), all int32."""


def negative_sampling_probabilities(ids: RaggedIds, vocabulary_size: int) -> np.ndarray:
    """How probable each id is as a wrong answer, float64 (vocabulary_size,), sum 1.

    Ids that the documents lack count as seen once; padding and the unknown token are no answers.
    """
    counts = np.maximum(np.bincount(ids.values, minlength=vocabulary_size), 1) ** SAMPLING_POWER
    counts[: len(RESERVED_TOKENS)] = 0
    return counts / counts.sum()


def mask_tokens(ids: np.ndarray, rate: float, vocabulary_size: int, generator: np.random.Generator) -> Batch:
    """A batch with some of its tokens hidden, at least one if it has any that the vocabulary knows.

    Args:
        ids: Documents, int32 (batch, length), padded with 0.
        rate: Part of the known tokens to hide, 0 to 1.
        vocabulary_size: Number of ids.
        generator: Chooses them.

    Returns:
        As ``SIGNATURE`` has it, with no wrong answers.
    """
    known = np.argwhere(ids > UNKNOWN).astype(np.int32)
    chosen = generator.random(len(known)) < rate
    if len(known) and not chosen.any():
        chosen[generator.integers(len(known))] = True
    places = known[chosen]
    rows, positions = places.T
    answers = ids[rows, positions]
    fate = generator.random(len(places))
    others = generator.integers(len(RESERVED_TOKENS), max(vocabulary_size, len(RESERVED_TOKENS) + 1), len(places))
    hidden = ids.copy()
    hidden[rows, positions] = np.where(
        fate < UNKNOWN_FRACTION, UNKNOWN, np.where(fate < UNKNOWN_FRACTION + RANDOM_FRACTION, others, answers)
    )
    return (hidden, places, np.empty(0, np.int32)), answers


def training_batches(
    ids: RaggedIds, settings: MaskingConfig, probabilities: np.ndarray, batch_size: int, *, seed: int, first_epoch: int
) -> tf.data.Dataset:
    """Endless batches, epoch after epoch, other tokens hidden each time.

    Args:
        ids: Documents.
        settings: How much is hidden, and how many wrong answers a batch has.
        probabilities: Of the wrong answers, see ``negative_sampling_probabilities``.
        batch_size: Documents in a batch.
        seed: Of the order and of what is hidden.
        first_epoch: Where to begin.
    """
    size = len(probabilities)

    def generate() -> Iterator[Batch]:
        for epoch in itertools.count(first_epoch):
            generator = np.random.default_rng((seed, epoch, 1))
            for rows in shuffled_batch_indices(ids.lengths, batch_size, seed=seed, epoch=epoch):
                (hidden, places, _), answers = mask_tokens(ids.to_padded(rows), settings.rate, size, generator)
                wrong = np.unique(generator.choice(size, settings.negative_samples, p=probabilities)).astype(np.int32)
                yield (hidden, places, wrong), answers

    return dataset_from_generator(generate, SIGNATURE)


def held_out_batches(ids: RaggedIds, settings: MaskingConfig, vocabulary_size: int, *, seed: int) -> tf.data.Dataset:
    """Batches of held-out documents, each once, the same tokens hidden every time."""
    batches = sorted_batch_indices(ids.lengths, HELD_OUT_BATCH)

    def generate() -> Iterator[Batch]:
        generator = np.random.default_rng((seed, 2))
        for rows in batches:
            yield mask_tokens(ids.to_padded(rows), settings.rate, vocabulary_size, generator)

    return dataset_from_generator(generate, SIGNATURE).apply(tf.data.experimental.assert_cardinality(len(batches)))
