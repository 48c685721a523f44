"""Pieces of functional models that several networks share."""

from __future__ import annotations

import keras

from kerascnn.layers.embedding import Embedding
from kerascnn.layers.masking import PaddingMask
from kerascnn.layers.pooling import MaskedPooling, Pooling
from kerascnn.layers.tokens import HashedNGrams, StartToken

SPEED = 3.6
"""Adam moves every weight by about the learning rate at a step; a factor behind the table is a factor on that rate."""


def convolution_branches(
    inputs, valid, *, kernel_sizes: tuple[int, ...], filters: int, pooling: Pooling, prefix: str = ""
) -> list:
    """Convolutions of several widths over a text, of each filter's answers the strongest or the mean (Kim 2014).

    Args:
        inputs: (batch, time, channels), zeros at padding.
        valid: (batch, time, 1), 1 for a token and 0 for padding.
        kernel_sizes: Tokens that the convolutions see at once, a convolution a number.
        filters: Filters of each convolution.
        pooling: See ``MaskedPooling``.
        prefix: What the layers' names begin with.

    Returns:
        (batch, filters), or (batch, 2 * filters) where both are kept, for each size.
    """
    branches = []
    for size in kernel_sizes:
        convolution = keras.layers.Conv1D(
            filters, size, padding="same", activation="relu", name=f"{prefix}convolution_{size}"
        )
        pooled = MaskedPooling(pooling=pooling, nonnegative=True, name=f"{prefix}pooling_{size}")
        branches.append(pooled(convolution(inputs), valid))
    return branches


def ngram_branch(tokens, *, sizes: tuple[int, ...], buckets: int, dim: int, vocabulary_size: int, dropout: float = 0.0):
    """A bag of n-grams, a vector each from a hash table (Joulin et al. 2017): the wide half of a wide and deep model.

    Phrases that a convolution would need many examples for are learned by heart (Cheng et al. 2016). Vectors start
    near zero, so that a phrase never seen in training says nothing, and learn faster than the rest of the network,
    which would otherwise fit the training rows before the n-grams have a say. They are summed up and divided by the
    root of their number: of a mean, each n-gram of a long text would get too little of the gradient to learn from
    few texts.

    Args:
        tokens: ids (batch, time) int32, 0 is padding.
        sizes: Lengths of the n-grams.
        buckets: Rows of the hash table for n-grams of two tokens and more.
        dim: Length of an n-gram's vector.
        vocabulary_size: Number of ids; each has a row of its own as the n-gram of one token.
        dropout: Part of the n-grams, 0 to below 1, that is left out in training.

    Returns:
        (batch, dim), the vectors' sum over the root of their number, times ``SPEED``.
    """
    rows = HashedNGrams(sizes=sizes, buckets=buckets, vocabulary_size=vocabulary_size, name="ngrams")(tokens)
    rows = keras.layers.Reshape((-1,), name="ngram_rows")(rows)
    near_zero = keras.initializers.RandomUniform(-0.0025, 0.0025)
    vectors = Embedding(vocabulary_size + buckets, dim, embeddings_initializer=near_zero, name="ngram_embedding")(rows)
    vectors = keras.layers.Dropout(dropout, noise_shape=(None, None, 1), name="ngram_dropout")(vectors)
    pooled = MaskedPooling(pooling="sqrtn", name="ngram_pooling")(vectors, PaddingMask(name="ngram_valid")(rows))
    return keras.layers.Rescaling(SPEED, name="ngram_features")(pooled)


def opened(ids, *, start_token: bool, vocabulary_size: int):
    """The ids with a start token before them if asked for, and the number of ids that there are then."""
    if not start_token:
        return ids, vocabulary_size
    return StartToken(id=vocabulary_size, name="start_token")(ids), vocabulary_size + 1


def join(parts: list, *, name: str):
    """The parts side by side: (batch, channels) each, (batch, sum of channels) in all; a single part as it is."""
    layer = keras.layers.Concatenate(name=name) if len(parts) > 1 else keras.layers.Identity(name=name)
    return layer(parts if len(parts) > 1 else parts[0])
