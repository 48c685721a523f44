"""Convolutions with max pooling over time: the values and gradients of stock layers, at lower cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerascnn import layers, models
from kerascnn.training.fit import dtype_policy_scope

tf = pytest.importorskip("tensorflow")
tensorflow_only = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="sparse gradients need TensorFlow")

VOCABULARY = 40
SMALL = {"embedding_dim": 6, "filters": 5, "dropout": 0.0, "embedding_dropout": 0.0, "ngrams": ()}
TOKEN_SETTINGS = [
    {"kernel_sizes": (3, 4, 5)},
    {"kernel_sizes": (1, 2, 7), "ngrams": (1, 2), "ngram_buckets": 64},
    {"kernel_sizes": (2,), "start_token": False, "hidden_units": 4},
]
"""Models with convolutions that read rows of an embedding table."""
VECTOR_SETTINGS = [
    {"kernel_sizes": (3, 4), "static_channel": True},  # concatenated vectors of two embeddings
    {"kernel_sizes": (1, 2, 5), "embedding_dropout": 1e-6},  # vectors of equal tokens may differ
]
LENGTHS = [9, 7, 4, 2, 1, 0]
"""Tokens per document: more and fewer than a window, and none."""


def build_encoder(**settings):
    """Build a model ids -> features in which filters are active for some documents and not for others."""
    keras.utils.set_random_seed(3)
    built = models.get("word_cnn")(**{**SMALL, **settings}).build(vocabulary_size=VOCABULARY, num_classes=3)
    rng = np.random.default_rng(4)
    built.model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in built.model.get_weights()])
    return built.encoder()


def make_documents():
    rng = np.random.default_rng(5)
    width = max(LENGTHS) + 3
    return np.array([[*rng.integers(1, VOCABULARY, n), *[0] * (width - n)] for n in LENGTHS], "int32")


def features_and_gradients(encoder, ids, *, training):
    """Return the features, and the gradient of each weight as a training step computes it.

    The models have no dropout, so that without ``training`` they compute the same with dense operations.
    """

    @tf.function
    def step(ids):
        variables = [variable.value for variable in encoder.trainable_variables]
        with tf.GradientTape() as tape:
            features = encoder(ids, training=training)
            weights = tf.random.stateless_normal(tf.shape(features), [6, 7])
            loss = tf.reduce_sum(tf.cast(features, tf.float32) * weights)
        return features, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]

    features, gradients = step(ids)
    return np.asarray(features, "float32"), [gradient.numpy() for gradient in gradients]


def uses_table(encoder):
    return len(encoder.get_layer("convolutions").input) == 4


@tensorflow_only
@pytest.mark.parametrize("settings", TOKEN_SETTINGS + VECTOR_SETTINGS, ids=str)
def test_features_and_gradients_equal_dense_ones(settings):
    encoder = build_encoder(**settings)
    expected, gradients = features_and_gradients(encoder, make_documents(), training=False)
    found, sparse = features_and_gradients(encoder, make_documents(), training=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert any(np.abs(gradient).max() > 0.1 for gradient in gradients)
    for one, other in zip(sparse, gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


@tensorflow_only
def test_gradients_of_tied_windows_equal_dense_ones():
    encoder = build_encoder(kernel_sizes=(3,), start_token=False)
    ids = np.array([[7, 8, 9] * 4], "int32")
    _, gradients = features_and_gradients(encoder, ids, training=False)
    _, sparse = features_and_gradients(encoder, ids, training=True)
    for one, other in zip(sparse, gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


@tensorflow_only
@pytest.mark.parametrize("settings", [TOKEN_SETTINGS[0], VECTOR_SETTINGS[0]], ids=str)
def test_half_precision_is_as_exact_as_dense_operations(settings):
    exact = build_encoder(**settings)
    with dtype_policy_scope("mixed_bfloat16"):
        half = build_encoder(**settings)
    features, gradients = features_and_gradients(exact, make_documents(), training=False)
    _, dense = features_and_gradients(half, make_documents(), training=False)
    found, sparse = features_and_gradients(half, make_documents(), training=True)
    np.testing.assert_allclose(found, features, rtol=0.05, atol=0.1)
    for expected, usual, other in zip(gradients, dense, sparse, strict=True):
        # where two windows are almost equal, rounding decides which one gets the gradient
        limit = 1.5 * np.linalg.norm(usual - expected) + 0.05 * np.linalg.norm(expected)
        assert np.linalg.norm(other - expected) < limit


@tensorflow_only
def test_half_precision_does_not_cast_the_table():
    with dtype_policy_scope("mixed_bfloat16"):
        encoder = build_encoder(**TOKEN_SETTINGS[0])
    table = encoder.get_layer("embedding").embeddings.shape
    graph = tf.function(lambda ids: encoder(ids, training=True)).get_concrete_function(make_documents()).graph
    casts = [operation for operation in graph.get_operations() if operation.type == "Cast"]
    assert casts
    assert not [operation.name for operation in casts if operation.outputs[0].shape == table]


@pytest.mark.parametrize("settings", TOKEN_SETTINGS, ids=str)
def test_reads_table_if_equal_tokens_have_equal_vectors(settings):
    assert uses_table(build_encoder(**settings))


@pytest.mark.parametrize("settings", VECTOR_SETTINGS, ids=str)
def test_reads_vectors_if_dropout_or_second_embedding_changes_them(settings):
    assert not uses_table(build_encoder(**settings))


@tensorflow_only
@pytest.mark.parametrize("settings", [TOKEN_SETTINGS[0], VECTOR_SETTINGS[0]], ids=str)
def test_gradient_of_embedding_has_rows_of_the_batch_only(settings):
    encoder = build_encoder(**settings)
    table = encoder.get_layer("embedding").embeddings.value
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(encoder(make_documents(), training=True))
    gradient = tape.gradient(loss, table)
    assert isinstance(gradient, tf.IndexedSlices)
    start = {VOCABULARY}
    assert set(gradient.indices.numpy().tolist()) <= set(make_documents().flat) | start


@pytest.mark.parametrize("settings", [TOKEN_SETTINGS[0], VECTOR_SETTINGS[1]], ids=str)
def test_stock_fit_trains(settings):
    keras.utils.set_random_seed(0)
    config = models.get("word_cnn")(**{**SMALL, **settings})
    model = config.build(vocabulary_size=VOCABULARY, num_classes=2).model
    ids = np.random.default_rng(0).integers(5, VOCABULARY, (64, 8)).astype("int32")
    labels = np.arange(64) % 2
    ids[:, 3] = labels + 2
    model.compile(keras.optimizers.Adam(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(ids, labels, epochs=10, batch_size=16, verbose=0).history
    assert history["loss"][-1] < 0.3 < history["loss"][0]


def test_pools_each_kernel_size_over_tokens():
    layer = layers.MaxPooledConv1D(4, kernel_sizes=(1, 3))
    inputs = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    valid = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], "float32")[:, :, None]
    inputs *= valid
    found = np.asarray(layer(inputs, valid))
    for index, size in enumerate((1, 3)):
        kernel, bias = (np.asarray(weight) for weight in layer.convolutions[index].weights)
        padded = np.pad(inputs, [(0, 0), (size // 2, size // 2), (0, 0)])
        outputs = bias + sum(padded[:, k : k + 5] @ kernel[k] for k in range(size))
        expected = (np.maximum(outputs, 0) * valid).max(axis=1)
        np.testing.assert_allclose(found[:, 4 * index : 4 * index + 4], expected, atol=1e-5)


def test_layer_is_restored_from_config():
    layer = layers.MaxPooledConv1D(4, kernel_sizes=(1, 3), name="convolutions")
    restored = keras.layers.deserialize(keras.layers.serialize(layer))
    assert restored.get_config() == layer.get_config()


def test_saved_model_trains_with_the_table_too(tmp_path):
    encoder = build_encoder(**TOKEN_SETTINGS[0])
    encoder.save(tmp_path / "encoder.keras")
    restored = keras.saving.load_model(tmp_path / "encoder.keras")
    assert uses_table(restored)
    ids = make_documents()
    np.testing.assert_array_equal(restored(ids, training=True), encoder(ids, training=True))


@tensorflow_only
def test_exports_to_builtin_tflite_ops(tmp_path):
    encoder = build_encoder(**TOKEN_SETTINGS[0])
    expected = np.asarray(encoder(make_documents()))
    encoder.export(tmp_path / "saved_model", input_signature=[tf.TensorSpec((None, None), tf.int32)], verbose=False)
    restored = tf.saved_model.load(tmp_path / "saved_model")
    np.testing.assert_allclose(restored.serve(make_documents()), expected, atol=1e-5)

    converter = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved_model"))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    assert converter.convert()


def test_trains_on_jax():
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    finished = subprocess.run([sys.executable, "-c", JAX_SCRIPT], capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr
    first, last = json.loads(finished.stdout.splitlines()[-1])
    assert last < 0.3 < first


JAX_SCRIPT = """
import json, keras, numpy as np
from kerascnn import models
keras.utils.set_random_seed(0)
config = models.get("word_cnn")(embedding_dim=6, filters=5, embedding_dropout=0.0, ngram_buckets=64)
model = config.build(vocabulary_size=40, num_classes=2).model
ids = np.random.default_rng(0).integers(5, 40, (64, 8)).astype("int32")
labels = np.arange(64) % 2
ids[:, 3] = labels + 2
model.compile(keras.optimizers.Adam(0.02), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
losses = model.fit(ids, labels, epochs=10, batch_size=16, verbose=0).history["loss"]
print(json.dumps([losses[0], losses[-1]]))
"""
