"""Training of convolutions under a maximum over time with sparse gradients, on TensorFlow.

Only one window per filter and document has a gradient. The gradients of the kernel and of the input are therefore the
products of a sparse matrix with the vectors of the tokens and with the kernel. The matrix has the gradient of each
filter's maximum in the row of the filter and the columns of the tokens in its window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.layers.types import Tensor


@dataclass(frozen=True)
class _Tokens:
    """A batch as its distinct tokens. Positions are those of all padded documents in a row."""

    vectors: Tensor
    """Vector of each distinct token, float32 (distinct tokens, channels); zeros for padding."""
    rows: Tensor
    """Index of the distinct token at each position, int64 (positions,)."""
    positions: Tensor
    """Position of each token of the batch, int32 (batch * time, 1); at padding, that of the document's first token."""
    starts: Tensor
    """Position of the first token of each document, int32 (batch, 1)."""
    is_nonempty: Tensor
    """1 for a document with tokens, else 0, float32 (batch, 1)."""


@tf.autograph.experimental.do_not_convert
def pool_vectors(convolutions: Sequence[keras.layers.Conv1D], inputs: Tensor, valid: Tensor) -> Tensor:
    """Convolve and pool any vectors.

    Args:
        convolutions: Convolutions with padding "same" and ReLU.
        inputs: (batch, time, channels), zeros at padding.
        valid: (batch, time, 1), 1 at tokens and 0 at padding.

    Returns:
        float (batch, len(convolutions) * filters).
    """
    return _concatenate([_pool_vectors(convolution, inputs, valid) for convolution in convolutions])


@tf.autograph.experimental.do_not_convert
def pool_tokens(convolutions: Sequence[keras.layers.Conv1D], ids: Tensor, table: Tensor) -> Tensor:
    """Convolve and pool rows of a table; each distinct token is multiplied with the kernels once.

    Args:
        convolutions: Convolutions with padding "same" and ReLU.
        ids: int32 (batch, time); 0 is padding and occurs only after the tokens.
        table: Variable (rows, channels).

    Returns:
        float32 (batch, len(convolutions) * filters).
    """
    offsets = np.concatenate([_window_offsets(convolution) for convolution in convolutions])
    tokens = _find_distinct_tokens(ids, table, before=-offsets.min(), after=offsets.max())
    return _concatenate([_pool_tokens(convolution, tokens) for convolution in convolutions])


def _concatenate(pooled: list[Tensor]) -> Tensor:
    return tf.concat(pooled, axis=-1) if len(pooled) > 1 else pooled[0]


def _window_offsets(convolution: keras.layers.Conv1D) -> np.ndarray:
    """Return the positions of a window relative to its output, int32 (size,)."""
    size = convolution.kernel_size[0]
    return np.arange(size, dtype=np.int32) - np.int32((size - 1) // 2)


def _find_distinct_tokens(ids: Tensor, table: Tensor, *, before: int, after: int) -> _Tokens:
    """Find the distinct tokens of a batch, with ``before`` and ``after`` positions of padding around each document."""
    padded = tf.pad(ids, [[0, 0], [before, after]])
    distinct, rows = tf.unique(tf.reshape(padded, [-1]), out_idx=tf.int64)
    known = tf.cast(distinct != 0, tf.float32)[:, None]
    vectors = tf.gather(table, distinct) * known
    valid, starts = ids != 0, _find_document_starts(padded, before)
    positions = starts + tf.where(valid, tf.range(tf.shape(ids)[1]), 0)
    return _Tokens(vectors, rows, tf.reshape(positions, [-1, 1]), starts, tf.cast(valid[:, :1], tf.float32))


def _pool_vectors(convolution: keras.layers.Conv1D, inputs: Tensor, valid: Tensor) -> Tensor:
    offsets = _window_offsets(convolution)
    outputs = tf.stop_gradient(convolution(inputs) * valid)
    maxima = tf.reduce_max(outputs, axis=1)

    @tf.custom_gradient
    def pool(inputs: Tensor, kernel: Tensor, bias: Tensor) -> tuple[Tensor, Callable[..., Any]]:
        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            before, after = -offsets[0], offsets[-1]
            padded = tf.pad(inputs, [[0, 0], [before, after], [0, 0]])
            best = _find_document_starts(padded, before) + _find_first(outputs, maxima)
            vectors = tf.reshape(padded, [-1, inputs.shape[-1]])
            rows = tf.range(tf.shape(vectors, tf.int64)[0])
            upstream = tf.where(maxima > 0, upstream, 0)
            d_vectors, d_kernel, d_bias = _compute_gradients(
                upstream, best, offsets, rows, vectors, _flatten_kernel(kernel)
            )
            d_padded = tf.reshape(d_vectors, tf.shape(padded))
            return d_padded[:, before : before + tf.shape(inputs)[1]], d_kernel, d_bias

        return maxima, gradient

    return pool(inputs, tf.convert_to_tensor(convolution.kernel), tf.convert_to_tensor(convolution.bias))


def _pool_tokens(convolution: keras.layers.Conv1D, tokens: _Tokens) -> Tensor:
    offsets = _window_offsets(convolution)
    size, filters = len(offsets), convolution.filters

    @tf.custom_gradient
    def pool(vectors: Tensor, kernel: Tensor, bias: Tensor) -> tuple[Tensor, Callable[..., Any]]:
        kernel = _flatten_kernel(kernel)
        # (distinct tokens * size, filters): what a token contributes at each place of a window
        products = tf.reshape(tf.matmul(vectors, kernel, transpose_b=True), [-1, filters])
        windows = tf.reshape(tf.gather(tokens.rows, tokens.positions + offsets) * size + np.arange(size), [-1])
        outputs = tf.sparse.segment_sum(products, windows, tf.range(tf.size(windows)) // size)
        outputs = tf.reshape(outputs, [tf.shape(tokens.starts)[0], -1, filters])
        strongest = tf.reduce_max(outputs, axis=1)
        maxima = tf.nn.relu(tf.nn.bias_add(strongest, bias)) * tokens.is_nonempty

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            best = tokens.starts + _find_first(outputs, strongest)
            return _compute_gradients(tf.where(maxima > 0, upstream, 0), best, offsets, tokens.rows, vectors, kernel)

        return maxima, gradient

    kernel, bias = tf.convert_to_tensor(convolution.kernel), tf.convert_to_tensor(convolution.bias)
    return pool(tokens.vectors, kernel, bias)


def _find_first(outputs: Tensor, maxima: Tensor) -> Tensor:
    """Return the first position of each maximum over time, as ``tf.argmax``, which takes twice as long.

    Args:
        outputs: (batch, time, filters).
        maxima: Maxima of ``outputs`` over time, (batch, filters).

    Returns:
        int32 (batch, filters).
    """
    time = tf.shape(outputs)[1]
    remaining = tf.range(time, 0, -1)[:, None]
    most = tf.reduce_max(tf.where(outputs == maxima[:, None], remaining, 0), axis=1)
    return time - tf.maximum(most, 1)  # 0 for NaN, which the caller of the training reports


def _compute_gradients(
    upstream: Tensor, best: Tensor, offsets: np.ndarray, rows: Tensor, vectors: Tensor, kernel: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the gradients of maxima in float32, whatever the compute dtype.

    Args:
        upstream: Gradients of the maxima, (batch, filters).
        best: Position of the window with each maximum, int32 (batch, filters).
        offsets: See ``_window_offsets``.
        rows: Index of the vector at each position, int64 (positions,).
        vectors: (vectors, channels).
        kernel: See ``_flatten_kernel``.

    Returns:
        The gradients of the vectors, of the kernel (size, channels, filters), and of the bias.
    """
    size, (filters, channels) = len(offsets), (upstream.shape[1], vectors.shape[1])
    upstream = tf.transpose(tf.cast(upstream, tf.float32))
    d_bias = tf.reduce_sum(upstream, axis=1)
    batch, upstream = tf.shape(best, tf.int64)[0], tf.reshape(upstream, [-1])
    hits = tf.reshape(tf.where(upstream != 0), [-1])  # filter by filter; dropout leaves half of them
    # tf.transpose fails for integers where oneDNN runs without AVX-512
    positions = tf.gather(tf.reshape(tf.einsum("bf->fb", best), [-1]), hits) + offsets[:, None]  # (size, hits)
    cells = hits // batch + filters * np.arange(size)[:, None]
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=tf.reshape(tf.stack([cells, tf.gather(rows, positions)], axis=2), [-1, 2]),
        values=tf.tile(tf.gather(upstream, hits), [size]),
        dense_shape=tf.stack([size * filters, tf.shape(vectors, tf.int64)[0]]),
    )
    # The product with transpose_a adds up in an order that differs between runs.
    transpose = tf.raw_ops.SparseMatrixTranspose(input=matrix, type=tf.float32)
    d_vectors = tf.raw_ops.SparseMatrixMatMul(a=transpose, b=tf.cast(kernel, tf.float32))
    d_kernel = tf.raw_ops.SparseMatrixMatMul(a=matrix, b=tf.cast(vectors, tf.float32))
    d_kernel = tf.transpose(tf.reshape(d_kernel, [size, filters, channels]), [0, 2, 1])
    return tf.cast(d_vectors, vectors.dtype), d_kernel, d_bias


def _flatten_kernel(kernel: Tensor) -> Tensor:
    """Reshape a kernel (size, channels, filters) to (size * filters, channels)."""
    return tf.reshape(tf.transpose(kernel, [0, 2, 1]), [-1, kernel.shape[1]])


def _find_document_starts(padded: Tensor, before: int) -> Tensor:
    """Return the position of each document's first token if all documents are in one row, int32 (batch, 1).

    Args:
        padded: Documents (batch, time, ...), each with padding before its first token.
        before: Length of this padding.
    """
    batch, time = tf.unstack(tf.shape(padded)[:2])
    return (tf.range(batch) * time)[:, None] + before
