"""Embedding lookup in a table of 8-bit numbers."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn.layers import QuantizedEmbedding

TABLE = np.array([[0, 128, 255], [1, 2, 3], [63, 0, 7]], "uint8")
SCALE, OFFSET = np.array([[0.5], [2.0], [0.1]], "float32"), np.array([[-1.0], [0.0], [3.0]], "float32")
IDS = np.array([[2, 0], [1, 2]], "int32")


@pytest.fixture
def layer():
    layer = QuantizedEmbedding(3, 3)
    layer.set_weights([TABLE, SCALE, OFFSET])
    return layer


def test_vectors_are_scaled_rows_plus_offset(layer):
    np.testing.assert_allclose(layer(IDS), (TABLE * SCALE + OFFSET)[IDS], rtol=1e-6)


def test_table_stays_in_8_bits_and_is_not_trained(layer):
    assert not layer.trainable_weights
    assert layer.get_weights()[0].dtype == np.uint8


def test_vectors_have_the_compute_dtype():
    layer = QuantizedEmbedding(3, 3, dtype="mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(IDS).dtype) == "bfloat16"


def test_saved_layer_has_the_same_table(layer, tmp_path):
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, layer(ids))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(IDS), model(IDS))


def test_random_vectors_differ_and_are_below_1():
    vectors = np.asarray(QuantizedEmbedding(50, 8)(np.arange(50)))
    assert len(np.unique(vectors, axis=0)) == 50
    assert np.abs(vectors).max() <= 1
