"""Sum of logits with fixed weights."""

from __future__ import annotations

import keras
import numpy as np

from kerascnn.layers import EnsembleHead, EnsembleModel, WeightedSum

A, B = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")


def test_adds_up_inputs_times_their_weights():
    np.testing.assert_allclose(WeightedSum([1.0, 1.5])([A, B]), A + 1.5 * B, rtol=1e-6)
    np.testing.assert_allclose(WeightedSum([0.5, 2.0, 1.0])([A, B, A]), 1.5 * A + 2 * B, rtol=1e-5)


def test_adds_scores_to_each_member_in_training():
    members = np.stack([A, -A], axis=1)
    found = np.asarray(WeightedSum([1.0, 2.0])([members, B]))
    np.testing.assert_allclose(found, members + 2 * B[:, None], rtol=1e-6)


def test_ensemble_model_with_weighted_sum_trains_and_is_restored(tmp_path):
    inputs = keras.Input((5,))
    features = keras.layers.Dense(4)(inputs)
    logits = EnsembleHead(3, group_sizes=[2, 2])(features)
    scores = keras.layers.Dense(3, trainable=False)(inputs)
    model = EnsembleModel(inputs, WeightedSum([1.0, 1.5], name="ensemble")([logits, scores]))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = np.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    before = model(x)
    assert before.shape == (6, 3)
    assert model(x, training=True).shape == (6, 2, 3)
    model.fit(x, np.arange(6) % 3, verbose=0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored(x), model(x))
    assert np.abs(np.subtract(restored(x), before)).max() > 0
