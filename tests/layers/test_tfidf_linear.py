"""Linear classifier over tf-idf vectors of hashed n-grams."""

from __future__ import annotations

from collections import Counter

import keras
import numpy as np
import pytest

from kerascnn.layers import TfidfLinear
from kerascnn.layers.tfidf_linear import MAX_COUNT, added_term_frequencies, count_equal_before, term_frequency

VOCABULARY, BUCKETS, CLASSES = 12, 64, 3


def make_layer(sizes=(1, 2), known=1.0):
    """Return a layer with random tables, where only some rows are known."""
    layer = TfidfLinear(CLASSES, sizes=sizes, buckets=BUCKETS, vocabulary_size=VOCABULARY)
    layer.build((None, None))
    rng = np.random.default_rng(0)
    is_known = rng.random(layer.rows) < known
    is_known[0] = False
    coefficients = rng.normal(size=(layer.rows, CLASSES)) * is_known[:, None]
    layer.set_weights([coefficients, rng.uniform(1, 9, layer.rows) * is_known, rng.normal(size=CLASSES)])
    return layer


def scores_in_plain_numpy(layer, document):
    """Count the rows of a document and compute its scores from the definition."""
    coefficients, norms, bias = layer.get_weights()
    rows = np.asarray(layer.hashing(np.array([document], "int32"))).ravel()
    counts = Counter(row for row in rows.tolist() if row)
    total, norm = np.zeros(CLASSES), 0.0
    for row, count in counts.items():
        frequency = 1 + np.log(min(count, MAX_COUNT))
        total += frequency * coefficients[row]
        norm += (frequency * norms[row]) ** 2
    return total / np.sqrt(max(norm, 1)) + bias


@pytest.mark.parametrize("sizes", [(1,), (2,), (1, 2, 3)])
def test_scores_equal_those_of_counted_ngrams(sizes):
    layer = make_layer(sizes, known=0.7)
    ids = np.random.default_rng(1).integers(1, VOCABULARY, (8, 70)).astype("int32")
    ids[1, 30:], ids[2, 1:], ids[3], ids[4] = 0, 0, 0, 7
    scores = np.asarray(layer(ids))
    for document, found in zip(ids, scores, strict=True):
        np.testing.assert_allclose(found, scores_in_plain_numpy(layer, document), atol=1e-5)


def test_padding_and_unknown_ngrams_have_no_effect():
    layer = make_layer(known=0.5)
    ids = np.random.default_rng(1).integers(1, VOCABULARY, (4, 9)).astype("int32")
    padded = np.pad(ids, [[0, 0], [0, 40]])
    np.testing.assert_allclose(layer(padded), layer(ids), atol=1e-6)
    np.testing.assert_array_equal(layer(np.zeros((1, 5), "int32"))[0], layer.bias)


def test_occurrences_add_up_to_the_term_frequency():
    added, added_to_square = added_term_frequencies()
    counts = np.arange(1, MAX_COUNT + 2)
    np.testing.assert_allclose(np.cumsum(added), term_frequency(counts), rtol=1e-6)
    np.testing.assert_allclose(np.cumsum(added_to_square), term_frequency(counts) ** 2, rtol=1e-6)
    assert term_frequency(np.array([MAX_COUNT]))[0] == term_frequency(np.array([10 * MAX_COUNT]))[0]


def test_counts_equal_neighbors_up_to_the_limit():
    rows = np.array([[0, 0, 3, 3, 3, 9, *[11] * 20]], "int32")
    found = np.asarray(count_equal_before(rows))[0].tolist()
    assert found[:6] == [0, 1, 0, 1, 2, 0]
    assert found[6:] == [min(count, MAX_COUNT) for count in range(20)]


def test_layer_is_restored_from_config_with_its_tables():
    layer = make_layer()
    restored = TfidfLinear.from_config(layer.get_config())
    restored.build((None, None))
    restored.set_weights(layer.get_weights())
    ids = np.array([[3, 4, 3, 4, 0]], "int32")
    np.testing.assert_array_equal(restored(ids), layer(ids))


def test_computes_in_float32_and_is_not_trained_under_every_policy():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = make_layer()
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(layer(np.ones((1, 4), "int32")).dtype) == "float32"
    assert not layer.trainable_variables


def test_start_token_is_before_every_document():
    with_token = TfidfLinear(CLASSES, sizes=(1, 2), buckets=BUCKETS, vocabulary_size=VOCABULARY, start_token=True)
    plain = TfidfLinear(CLASSES, sizes=(1, 2), buckets=BUCKETS, vocabulary_size=VOCABULARY + 1)
    ids = np.random.default_rng(1).integers(1, VOCABULARY, (4, 9)).astype("int32")
    ids[1, 3:], ids[2] = 0, 0
    for layer in (with_token, plain):
        layer.build((None, None))
        rng = np.random.default_rng(0)
        layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    expected = plain(np.pad(ids, [[0, 0], [1, 0]], constant_values=VOCABULARY))
    np.testing.assert_allclose(with_token(ids), expected, atol=1e-6)
    again = TfidfLinear.from_config(with_token.get_config())
    assert (again.start_token, again.rows) == (True, with_token.rows)
