"""Filters of which only the strongest answer counts, trained at the cost of those answers; TensorFlow backend."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from kerascnn.layers import Embedding, MaskedGlobalPooling1D, PaddingMask
from kerascnn.layers.embedding import of_replica


@dataclass(frozen=True)
class Branch:
    """A convolution with a ReLU behind it, which a layer that takes the maximum over time alone reads."""

    convolution: keras.layers.Conv1D
    embedding: Embedding | None
    """Whose vectors it reads as they are, zeros at padding; None: it reads anything."""

    @property
    def window(self) -> np.ndarray:
        """Where the places of a window lie beside the one it is for, int32 (size,)."""
        size = self.convolution.kernel_size[0]
        return np.arange(size, dtype=np.int32) - (size - 1) // 2


@dataclass(frozen=True)
class Tokens:
    """A batch by its distinct tokens."""

    vectors: tf.Tensor
    """Float32 (distinct tokens, channels), zeros of padding."""
    rows: tf.Tensor
    """Which of them stands where, int64 (places,): all documents, with padding around each, one after the other."""
    places: tf.Tensor
    """Where each token of the batch stands, int32 (batch * time, 1); for padding, where the document's first does."""
    starts: tf.Tensor
    """Where each document begins, int32 (batch, 1)."""
    full: tf.Tensor
    """1 for a document that has a token, else 0, float32 (batch, 1)."""


class StrongestAnswers:
    """Runs a network in training as the network itself does, but for how its filters' maxima are computed.

    The gradient of a maximum over time is that of one window, so that of the backward pass of a convolution, most of a
    training step, next to nothing is left: the gradients of its kernel and of its input are the products of a sparse
    matrix, which has the gradient of each filter's answer in the row of the filter and the column of a token of its
    window, with the tokens' vectors and with the kernel.

    Where the vectors come straight from an embedding, without a dropout of their own, each distinct token of a batch is
    multiplied with the kernel once, wherever it occurs: a convolution is a sum over the tokens of a window.

    Both are exact but for rounding, and for ties, where one of the windows gets the gradient instead of each its part.
    Where a graphics card computes, dense passes are faster and the network runs as it is.

    Args:
        network: Functional model, int32 (batch, length) -> anything.
    """

    def __init__(self, network: keras.Model) -> None:
        self.network = network
        self.branches = {} if tf.config.list_physical_devices("GPU") else branches(network)
        self.convolutions = {branch.convolution for branch in self.branches.values()}

    @tf.autograph.experimental.do_not_convert
    def __call__(self, ids):
        """What the network gives in training."""
        if not self.branches:
            return self.network(ids, training=True)
        embedded: dict[Embedding, tf.Tensor] = {}
        tokens: dict[Embedding, Tokens] = {}

        def run(layer):
            def call(inputs, *args, **kwargs):
                if layer in self.convolutions:
                    return inputs  # for the layer that takes its maxima
                if branch := self.branches.get(layer):
                    if (source := branch.embedding) is None:
                        return _of_vectors(branch, inputs, *args)
                    if source not in tokens:
                        tokens[source] = self._tokens(source, embedded[source])
                    return _of_tokens(branch, tokens[source])
                if isinstance(layer, Embedding):
                    embedded[layer] = inputs
                if "training" in inspect.signature(layer.call).parameters:
                    kwargs["training"] = True
                return layer(inputs, *args, **kwargs)

            return call

        # Keras has no public way to run the layers of a functional model one by one and leave them as they are.
        return self.network._run_through_graph(ids, operation_fn=run)

    def _tokens(self, embedding, ids) -> Tokens:
        """What the convolutions over an embedding read of ids (batch, time), where 0 is padding, behind the tokens."""
        windows = np.concatenate([one.window for one in self.branches.values() if one.embedding is embedding])
        before, behind = -windows.min(), windows.max()
        wide = tf.pad(ids, [[0, 0], [before, behind]])
        distinct, rows = tf.unique(tf.reshape(wide, [-1]), out_idx=tf.int64)
        known = tf.cast(distinct != 0, tf.float32)[:, None]
        vectors = tf.gather(of_replica(embedding.embeddings), distinct) * known
        valid, starts = ids != 0, _starts(wide, before)
        places = starts + tf.where(valid, tf.range(tf.shape(ids)[1]), 0)
        return Tokens(vectors, rows, tf.reshape(places, [-1, 1]), starts, tf.cast(valid[:, :1], tf.float32))


def branches(network: keras.Model) -> dict[keras.layers.Layer, Branch]:
    """The branches of a network by the layer that takes the maximum."""
    made_by = {id(layer.output): layer for layer in network.layers}
    read = [*network.outputs, *(one for layer in network.layers for one in keras.tree.flatten(layer.input))]
    readers = Counter(id(tensor) for tensor in read)
    found = {}
    for layer in network.layers:
        if isinstance(layer, MaskedGlobalPooling1D) and layer.pooling == "max" and layer.nonnegative:
            convolution = made_by[id(layer.input[0])]
            if _plain(convolution) and readers[id(convolution.output)] == 1:
                # in half precision, what each token adds would be rounded before it is added
                exact = convolution.compute_dtype == "float32"
                source = _embedding(made_by, convolution.input, layer.input[1]) if exact else None
                found[layer] = Branch(convolution, source)
    return found


def _plain(layer: keras.layers.Layer) -> bool:
    """Whether a layer is a convolution of neighbouring tokens with a ReLU behind it."""
    if type(layer) is not keras.layers.Conv1D:
        return False
    settings = (layer.strides, layer.dilation_rate, layer.groups, layer.padding, layer.use_bias, layer.activation)
    return settings == ((1,), (1,), 1, "same", True, keras.activations.relu)


def _embedding(made_by, words, valid) -> Embedding | None:
    """The embedding whose vectors, multiplied by the mask, are the words; None: they are something else."""
    product, mask = made_by[id(words)], made_by[id(valid)]
    if not (isinstance(product, keras.layers.Multiply) and isinstance(mask, PaddingMask)):
        return None
    vectors, other = product.input
    source = made_by[id(vectors)]
    while isinstance(source, keras.layers.Dropout) and source.rate == 0:
        source = made_by[id(source.input)]
    same = isinstance(source, Embedding) and other is valid and source.input is mask.input
    return source if same else None


def _of_vectors(branch, words, valid):
    """The maxima of a branch that reads anything, float (batch, filters).

    Args:
        branch: The branch.
        words: What it reads, (batch, time, channels), zeros at padding.
        valid: (batch, time, 1), 1 for a token and 0 for padding.
    """
    convolution, window = branch.convolution, branch.window
    answers = tf.stop_gradient(convolution(words) * valid)
    maxima = tf.reduce_max(answers, axis=1)

    @tf.custom_gradient
    def strongest(words, kernel, bias):
        def gradient(upstream):
            before, behind = -window[0], window[-1]
            wide = tf.pad(words, [[0, 0], [before, behind], [0, 0]])
            best = _starts(wide, before) + tf.argmax(answers, axis=1, output_type=tf.int32)
            vectors = tf.reshape(wide, [-1, words.shape[-1]])
            rows = tf.range(tf.shape(vectors, tf.int64)[0])
            upstream = tf.where(maxima > 0, upstream, 0)
            of_vectors, of_kernel, of_bias = _gradients(upstream, best, window, rows, vectors, _by_filter(kernel))
            of_wide = tf.reshape(of_vectors, tf.shape(wide))
            return of_wide[:, before : before + tf.shape(words)[1]], of_kernel, of_bias

        return maxima, gradient

    return strongest(words, tf.convert_to_tensor(convolution.kernel), tf.convert_to_tensor(convolution.bias))


def _of_tokens(branch, tokens):
    """The maxima of a branch that reads tokens, float (batch, filters); zeros for a document without one."""
    convolution, window = branch.convolution, branch.window
    size, filters = len(window), convolution.filters

    @tf.custom_gradient
    def strongest(vectors, kernel, bias):
        kernel = _by_filter(kernel)
        # (distinct tokens * size, filters): what a token adds to the answers at each place of a window
        parts = tf.reshape(tf.matmul(vectors, kernel, transpose_b=True), [-1, filters])
        inside = tf.reshape(tf.gather(tokens.rows, tokens.places + window) * size + np.arange(size), [-1])
        answers = tf.sparse.segment_sum(parts, inside, tf.range(tf.size(inside)) // size)
        answers = tf.reshape(answers, [tf.shape(tokens.starts)[0], -1, filters])
        maxima = tf.nn.relu(tf.nn.bias_add(tf.reduce_max(answers, axis=1), bias)) * tokens.full

        def gradient(upstream):
            best = tokens.starts + tf.argmax(answers, axis=1, output_type=tf.int32)
            return _gradients(tf.where(maxima > 0, upstream, 0), best, window, tokens.rows, vectors, kernel)

        return maxima, gradient

    kernel, bias = tf.convert_to_tensor(convolution.kernel), tf.convert_to_tensor(convolution.bias)
    return strongest(tokens.vectors, kernel, bias)


def _gradients(upstream, best, window, rows, vectors, kernel):
    """The gradients of the largest answers of a convolution, in float32, whatever it computes in.

    Args:
        upstream: Gradients of the answers, (batch, filters).
        best: The place that the window of each is for, int32 (batch, filters).
        window: See ``Branch.window``.
        rows: The vector that stands at each place, int64 (places,).
        vectors: (vectors, channels).
        kernel: See ``_by_filter``.

    Returns:
        Those of the vectors, of the kernel and of the bias.
    """
    size, (filters, channels) = len(window), (upstream.shape[1], vectors.shape[1])
    upstream = tf.transpose(tf.cast(upstream, tf.float32))
    of_bias = tf.reduce_sum(upstream, axis=1)
    batch, upstream = tf.shape(best, tf.int64)[0], tf.reshape(upstream, [-1])
    hits = tf.reshape(tf.where(upstream != 0), [-1])  # filter by filter; dropout leaves half of them
    # of integers, tf.transpose says an error where oneDNN works without AVX-512
    places = tf.gather(tf.reshape(tf.einsum("bf->fb", best), [-1]), hits) + window[:, None]  # (size, hits)
    cells = hits // batch + filters * np.arange(size)[:, None]
    matrix = tf.raw_ops.SparseTensorToCSRSparseMatrix(
        indices=tf.reshape(tf.stack([cells, tf.gather(rows, places)], axis=2), [-1, 2]),
        values=tf.tile(tf.gather(upstream, hits), [size]),
        dense_shape=tf.stack([size * filters, tf.shape(vectors, tf.int64)[0]]),
    )
    # the product with a transposed matrix adds up in any order, that with the transpose in one
    transpose = tf.raw_ops.SparseMatrixTranspose(input=matrix, type=tf.float32)
    of_vectors = tf.raw_ops.SparseMatrixMatMul(a=transpose, b=tf.cast(kernel, tf.float32))
    of_kernel = tf.raw_ops.SparseMatrixMatMul(a=matrix, b=tf.cast(vectors, tf.float32))
    of_kernel = tf.transpose(tf.reshape(of_kernel, [size, filters, channels]), [0, 2, 1])
    return tf.cast(of_vectors, vectors.dtype), of_kernel, of_bias


def _by_filter(kernel):
    """A kernel (size, channels, filters) as (size * filters, channels)."""
    return tf.reshape(tf.transpose(kernel, [0, 2, 1]), [-1, kernel.shape[1]])


def _starts(documents, before):
    """Where the first token of each of (batch, time, ...) stands when all stand one after the other, int32 (batch, 1).

    Args:
        documents: All have padding before them.
        before: How much.
    """
    batch, time = tf.unstack(tf.shape(documents)[:2])
    return (tf.range(batch) * time)[:, None] + before
