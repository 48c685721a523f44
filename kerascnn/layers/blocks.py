"""Building blocks of functional models that several architectures share."""

from __future__ import annotations

from typing import NamedTuple

import keras

from kerascnn.layers.embedding import Embedding
from kerascnn.layers.hashed_ngrams import HashedNGrams
from kerascnn.layers.masked_global_pooling import MaskedGlobalPooling1D, Pooling
from kerascnn.layers.max_pooled_conv1d import MaxPooledConv1D
from kerascnn.layers.padding_mask import PaddingMask
from kerascnn.layers.start_token import StartToken
from kerascnn.layers.types import Tensor

LEARNING_RATE_FACTOR = 3.6
"""Adam moves every weight by about the learning rate per step, so a factor after the table multiplies that rate."""


class ConvolutionBranches(NamedTuple):
    """Parallel convolutions, pooled over time."""

    output: Tensor
    """Pooled features, (batch, channels)."""
    sequence_outputs: tuple[Tensor, ...]
    """Output of each convolution, (batch, time, filters), if requested."""
    convolutions: tuple[str, ...]
    """Names of the layers that hold the convolutions."""
    pooling: tuple[str, ...]
    """Names of the layers that pool over time."""


def convolution_branches(
    inputs: Tensor,
    valid: Tensor,
    *,
    kernel_sizes: tuple[int, ...],
    filters: int,
    pooling: Pooling,
    return_sequences: bool = False,
    ids: Tensor = None,
    table: Tensor = None,
) -> ConvolutionBranches:
    """Apply parallel convolutions of several widths, each pooled over time (Kim 2014).

    Args:
        inputs: (batch, time, channels), zeros at padding.
        valid: (batch, time, 1), 1 at tokens and 0 at padding.
        kernel_sizes: Width of each convolution, in tokens.
        filters: Number of filters of each convolution.
        pooling: See ``MaskedGlobalPooling1D``.
        return_sequences: Whether to return the output of each convolution as well.
        ids: Ids of the inputs, if these are rows of ``table``, see ``MaxPooledConv1D``.
        table: Table of the embedding.

    Returns:
        The pooled features, ``filters`` channels per width, or twice as many with pooling="both".
    """
    if pooling == "max":
        layer = MaxPooledConv1D(
            filters, kernel_sizes=kernel_sizes, return_sequences=return_sequences, name="convolutions"
        )
        output = layer(inputs, valid, ids, table)
        output, *sequence_outputs = output if return_sequences else [output]
        return ConvolutionBranches(output, tuple(sequence_outputs), (layer.name,), (layer.name,))
    convolutions = [
        keras.layers.Conv1D(filters, size, padding="same", activation="relu", name=f"convolution_{size}")
        for size in kernel_sizes
    ]
    sequence_outputs = tuple(convolution(inputs) for convolution in convolutions)
    pools = [MaskedGlobalPooling1D(pooling=pooling, nonnegative=True, name=f"pooling_{size}") for size in kernel_sizes]
    pooled = [pool(sequence, valid) for pool, sequence in zip(pools, sequence_outputs, strict=True)]
    return ConvolutionBranches(
        concatenate(pooled, name="convolutions"),
        sequence_outputs if return_sequences else (),
        tuple(layer.name for layer in convolutions),
        tuple(layer.name for layer in pools),
    )


def ngram_branch(
    tokens: Tensor, *, sizes: tuple[int, ...], buckets: int, dim: int, vocabulary_size: int, dropout: float = 0.0
) -> Tensor:
    """Embed the hashed n-grams of a text and sum them up (Joulin et al. 2017): the wide half of a wide and deep model.

    The bag of n-grams memorizes phrases that a convolution would need many examples for (Cheng et al. 2016). Vectors
    start near zero, so that an n-gram without a training example contributes nothing. They learn faster than the other
    weights, which would otherwise fit the training rows before the n-grams contribute. The sum is divided by the square
    root of the number of n-grams: with a mean, the gradient per n-gram of a long text would be too small to learn from
    few texts.

    Args:
        tokens: Ids, int32 (batch, time), 0 is padding.
        sizes: Lengths of the n-grams.
        buckets: Rows of the hash table for n-grams of two or more tokens.
        dim: Length of the vector of an n-gram.
        vocabulary_size: Number of ids; each has its own row as the n-gram of one token.
        dropout: Fraction of the n-grams that is dropped in training, 0 to below 1.

    Returns:
        (batch, dim), ``LEARNING_RATE_FACTOR`` times the sum of the vectors divided by the square root of their number.
    """
    rows = HashedNGrams(sizes=sizes, buckets=buckets, vocabulary_size=vocabulary_size, name="ngrams")(tokens)
    rows = keras.layers.Reshape((-1,), name="ngram_rows")(rows)
    near_zero = keras.initializers.RandomUniform(-0.0025, 0.0025)
    vectors = Embedding(vocabulary_size + buckets, dim, embeddings_initializer=near_zero, name="ngram_embedding")(rows)
    vectors = keras.layers.Dropout(dropout, noise_shape=(None, None, 1), name="ngram_dropout")(vectors)
    pooled = MaskedGlobalPooling1D(pooling="sqrtn", name="ngram_pooling")(
        vectors, PaddingMask(name="ngram_valid")(rows)
    )
    return keras.layers.Rescaling(LEARNING_RATE_FACTOR, name="ngram_features")(pooled)


def add_start_token(ids: Tensor, *, start_token: bool, vocabulary_size: int) -> tuple[Tensor, int]:
    """Prepend a start token if requested, and return the ids with the resulting vocabulary size."""
    if not start_token:
        return ids, vocabulary_size
    return StartToken(id=vocabulary_size, name="start_token")(ids), vocabulary_size + 1


def concatenate(parts: list[Tensor], *, name: str) -> Tensor:
    """Concatenate tensors (batch, channels) to (batch, sum of channels); a single tensor passes unchanged."""
    layer = keras.layers.Concatenate(name=name) if len(parts) > 1 else keras.layers.Identity(name=name)
    return layer(parts if len(parts) > 1 else parts[0])
