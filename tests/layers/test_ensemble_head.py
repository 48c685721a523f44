"""The ensemble head and the model that trains its members."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn.layers import EnsembleHead, EnsembleModel

FEATURES = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


def test_output_in_inference_is_mean_of_members():
    layer = EnsembleHead(3, group_sizes=[2, 2, 1], bias_initializer="random_normal")
    logits = layer(FEATURES)
    members = layer(FEATURES, training=True)
    assert tuple(members.shape) == (6, 3, 3)
    np.testing.assert_allclose(np.mean(members, axis=1), logits, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(members, np.stack(layer.member_logits(FEATURES), axis=1))


def test_member_depends_on_its_own_features_only():
    layer = EnsembleHead(3, group_sizes=[2, 3])
    layer(FEATURES)
    changed = FEATURES.copy()
    changed[:, :2] = 0
    np.testing.assert_array_equal(layer.member_logits(changed)[1], layer.member_logits(FEATURES)[1])
    assert np.abs(np.subtract(layer.member_logits(changed)[0], layer.member_logits(FEATURES)[0])).max() > 0


def test_layer_is_restored_from_config():
    layer = EnsembleHead(3, group_sizes=[2, 3], kernel_constraint=keras.constraints.MaxNorm(3.0))
    layer(FEATURES)
    restored = EnsembleHead.from_config(layer.get_config())
    restored(FEATURES)
    restored.set_weights(layer.get_weights())
    np.testing.assert_array_equal(restored.member_logits(FEATURES)[1], layer.member_logits(FEATURES)[1])
    assert restored.kernel_constraint.max_value == 3.0


def make_model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    head = EnsembleHead(3, group_sizes=[2, 3], bias_initializer="random_normal")
    return EnsembleModel(inputs, head(keras.layers.Dense(5, activation="tanh", name="features")(inputs)))


LOSSES = {
    "integer targets": (keras.losses.SparseCategoricalCrossentropy(from_logits=True), np.arange(6) % 3),
    "label smoothing": (
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        np.eye(3, dtype="float32")[np.arange(6) % 3],
    ),
    "several labels": (
        keras.losses.BinaryFocalCrossentropy(from_logits=True, gamma=2.0),
        np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]] * 2, "float32"),
    ),
}
WEIGHTS = np.linspace(0.5, 2, 6).astype("float32")


def train_explicitly(model, loss, targets):
    """Take three steps of gradient descent on the mean of the members' losses."""
    import tensorflow as tf

    [*_, features, head] = model.layers
    for _ in range(3):
        with tf.GradientTape() as tape:
            members = head.member_logits(features(FEATURES))
            total = sum(loss(targets, logits, sample_weight=WEIGHTS) for logits in members) / len(members)
        variables = [variable.value for variable in model.trainable_variables]
        for variable, gradient in zip(variables, tape.gradient(total, variables), strict=True):
            variable.assign_sub(0.5 * gradient)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the explicit training uses TensorFlow")
@pytest.mark.parametrize("name", LOSSES)
def test_stock_fit_trains_each_member_with_its_own_loss(name):
    loss, targets = LOSSES[name]
    model, expected = make_model(), make_model()
    model.compile(keras.optimizers.SGD(0.5), loss)
    model.fit(FEATURES, targets, sample_weight=WEIGHTS, epochs=3, batch_size=6, shuffle=False, verbose=0)
    before = expected.get_weights()
    train_explicitly(expected, loss, targets)
    for found, explicit, initial in zip(model.get_weights(), expected.get_weights(), before, strict=True):
        np.testing.assert_allclose(found, explicit, rtol=0, atol=1e-5)
        assert np.abs(explicit - initial).max() > 0.01


def test_metrics_use_mean_of_members():
    model = make_model()
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile(
        keras.optimizers.SGD(0.0), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=[accuracy]
    )
    targets = np.argmax(model(FEATURES), axis=1)
    assert model.fit(FEATURES, targets, verbose=0).history["accuracy"] == [1.0]
    assert model.evaluate(FEATURES, targets, verbose=0)[1] == 1.0


def test_saved_model_keeps_its_class(tmp_path):
    model = make_model()
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(restored, EnsembleModel)
    np.testing.assert_array_equal(restored(FEATURES, training=True), model(FEATURES, training=True))
