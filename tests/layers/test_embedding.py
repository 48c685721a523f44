"""Embedding lookup with a cost that does not depend on the vocabulary size."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import Embedding

IDS = np.array([[3, 1, 3], [0, 2, 4]], "int32")


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_vectors_equal_those_of_the_stock_layer(dtype):
    layer, stock = Embedding(5, 4, dtype=dtype), keras.layers.Embedding(5, 4, dtype=dtype)
    layer.build(), stock.build()
    stock.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(IDS), stock(IDS))
    assert layer(IDS).dtype == stock(IDS).dtype


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="sparse gradients need TensorFlow")
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_gradient_has_only_the_rows_of_the_lookup(dtype):
    layer = Embedding(5, 4, dtype=dtype)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(IDS[:1]))
    gradient = tape.gradient(loss, layer.embeddings.value)
    assert isinstance(gradient, tf.IndexedSlices)
    assert gradient.indices.numpy().tolist() == [3, 1, 3]


def test_returns_its_table():
    layer = Embedding(5, 4)
    table = layer(IDS, return_table=True)
    np.testing.assert_array_equal(keras.ops.convert_to_tensor(table), layer.get_weights()[0])
    symbolic = layer(keras.Input((None,), dtype="int32"), return_table=True)
    assert symbolic.shape == (5, 4)
