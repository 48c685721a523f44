"""Batches for masked token prediction: documents in which some tokens are masked, and the original tokens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.data.batches import dataset_from_generator, shuffled_batch_indices, sorted_batch_indices
from kerascnn.data.ragged import RaggedIds
from kerascnn.pretraining.config import MaskingConfig
from kerascnn.text.vocabulary import RESERVED_TOKENS

UNKNOWN = RESERVED_TOKENS.index("[UNK]")
# Fractions of the masked tokens that are replaced by the unknown token, and by a random token; the others stay (Devlin
# et al. 2019, section 3.1).
UNKNOWN_FRACTION, RANDOM_FRACTION = 0.8, 0.1
# Negative samples are drawn in proportion to the frequency of a token to this power (Mikolov et al. 2013, section 2.2).
SAMPLING_POWER = 0.75
# Few documents per batch, because the loss compares every masked held-out token with the whole vocabulary.
HELD_OUT_BATCH_SIZE = 16

Batch = tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""``((ids, mask_positions, negative_ids), targets)``, all int32:

- ids (batch, length), in which some tokens are masked;
- mask_positions (masked, 2): document in the batch, position in the document;
- negative_ids (negatives,), without duplicates;
- targets (masked,): the original tokens.
"""


def _signature(ids: RaggedIds) -> Any:
    """Return ``tf.TensorSpec`` of each array of a ``Batch``."""
    return (
        (ids.signature, tf.TensorSpec((None, 2), tf.int32), tf.TensorSpec((None,), tf.int32)),
        tf.TensorSpec((None,), tf.int32),
    )


def select_tokens(values: np.ndarray) -> np.ndarray:
    """Return the ids of tokens, without those of their characters, if they have these: int32 (tokens,)."""
    return values[:, 0] if values.ndim > 1 else values


def negative_sampling_probabilities(ids: RaggedIds, vocabulary_size: int) -> np.ndarray:
    """Return the probability of each id as a negative sample, float64 (vocabulary_size,), with the sum 1.

    Ids that do not occur count as if they occurred once. Padding and the unknown token have the probability 0.
    """
    counts: np.ndarray = (
        np.maximum(np.bincount(select_tokens(ids.values), minlength=vocabulary_size), 1) ** SAMPLING_POWER
    )
    counts[: len(RESERVED_TOKENS)] = 0
    probabilities: np.ndarray = counts / counts.sum()
    return probabilities


def mask_tokens(ids: np.ndarray, rate: float, vocabulary_size: int, generator: np.random.Generator) -> Batch:
    """Mask some tokens of a batch; at least one, if any token is in the vocabulary.

    Args:
        ids: Documents, int32 (batch, length), padded with 0; or (batch, length, ids) with the ids of characters, which
            masked tokens do not have.
        rate: Fraction of the tokens in the vocabulary to mask, 0 to 1.
        vocabulary_size: Number of ids.
        generator: Random generator.

    Returns:
        A ``Batch`` without negative samples.
    """
    tokens = ids if ids.ndim == 2 else ids[:, :, 0]
    candidates = np.argwhere(tokens > UNKNOWN).astype(np.int32)
    is_masked = generator.random(len(candidates)) < rate
    if len(candidates) and not is_masked.any():
        is_masked[generator.integers(len(candidates))] = True
    mask_positions = candidates[is_masked]
    rows, positions = mask_positions.T
    targets = tokens[rows, positions]
    draw = generator.random(len(targets))
    random_ids = generator.integers(len(RESERVED_TOKENS), max(vocabulary_size, len(RESERVED_TOKENS) + 1), len(targets))
    replaced = np.where(
        draw < UNKNOWN_FRACTION, UNKNOWN, np.where(draw < UNKNOWN_FRACTION + RANDOM_FRACTION, random_ids, targets)
    )
    masked_ids = ids.copy()
    if ids.ndim == 2:
        masked_ids[rows, positions] = replaced
    else:
        masked_ids[rows, positions] = 0
        masked_ids[rows, positions, 0] = replaced
    return (masked_ids, mask_positions, np.empty(0, np.int32)), targets


def masked_batches(
    ids: RaggedIds, settings: MaskingConfig, probabilities: np.ndarray, batch_size: int, *, seed: int, first_epoch: int
) -> tf.data.Dataset:
    """Return endless batches, epoch after epoch; each epoch masks other tokens.

    Args:
        ids: Documents.
        settings: Masking rate, and number of negative samples per batch.
        probabilities: Probabilities of the negative samples, see ``negative_sampling_probabilities``.
        batch_size: Documents per batch.
        seed: Seed of the order and of the masks.
        first_epoch: First epoch, from 0.
    """
    vocabulary_size = len(probabilities)

    def generate() -> Iterator[Batch]:
        for epoch in itertools.count(first_epoch):
            generator = np.random.default_rng((seed, epoch, 1))
            for rows in shuffled_batch_indices(ids.lengths, batch_size, seed=seed, epoch=epoch):
                (masked_ids, mask_positions, _), targets = mask_tokens(
                    ids.to_padded(rows), settings.rate, vocabulary_size, generator
                )
                negatives = generator.choice(vocabulary_size, settings.negative_samples, p=probabilities)
                yield (masked_ids, mask_positions, np.unique(negatives).astype(np.int32)), targets

    return dataset_from_generator(generate, _signature(ids))


def held_out_batches(ids: RaggedIds, settings: MaskingConfig, vocabulary_size: int, *, seed: int) -> tf.data.Dataset:
    """Return one epoch of batches of held-out documents; every iteration masks the same tokens."""
    batches = sorted_batch_indices(ids.lengths, HELD_OUT_BATCH_SIZE)

    def generate() -> Iterator[Batch]:
        generator = np.random.default_rng((seed, 2))
        for rows in batches:
            yield mask_tokens(ids.to_padded(rows), settings.rate, vocabulary_size, generator)

    return dataset_from_generator(generate, _signature(ids)).apply(
        tf.data.experimental.assert_cardinality(len(batches))
    )
