"""The last layer whose members answer alone."""

from __future__ import annotations

import keras
import numpy as np

from kerascnn.layers import EnsembleHead

FEATURES = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


def test_the_mean_of_the_members_is_the_answer():
    layer = EnsembleHead(3, parts=[2, 2, 1], bias_initializer="random_normal")
    answer = layer(FEATURES)
    members = layer.members(FEATURES)
    assert [tuple(member.shape) for member in members] == [(6, 3)] * 3
    np.testing.assert_allclose(np.mean(members, axis=0), answer, rtol=0, atol=1e-5)


def test_a_member_sees_its_own_features_only():
    layer = EnsembleHead(3, parts=[2, 3])
    layer(FEATURES)
    changed = FEATURES.copy()
    changed[:, :2] = 0
    np.testing.assert_array_equal(layer.members(changed)[1], layer.members(FEATURES)[1])
    assert np.abs(layer.members(changed)[0] - layer.members(FEATURES)[0]).max() > 0


def test_a_single_member_is_a_dense_layer():
    layer = EnsembleHead(3, parts=[5])
    np.testing.assert_array_equal(layer(FEATURES), layer.members(FEATURES)[0])


def test_comes_back_from_its_configuration():
    layer = EnsembleHead(3, parts=[2, 3], kernel_constraint=keras.constraints.MaxNorm(3.0))
    layer(FEATURES)
    again = EnsembleHead.from_config(layer.get_config())
    again(FEATURES)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again.members(FEATURES)[1], layer.members(FEATURES)[1])
    assert again.kernel_constraint.max_value == 3.0
