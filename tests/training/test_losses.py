"""The loss, by hand."""

import keras
import numpy as np
import pytest

from kerascnn.training.losses import SparseCrossentropy

LOGITS = np.log([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).astype("float32")
LABELS = np.array([0, 1])


def test_without_smoothing_it_is_the_mean_negative_log_probability_of_the_label():
    assert float(SparseCrossentropy()(LABELS, LOGITS)) == pytest.approx(-(np.log(0.7) + np.log(0.1)) / 2)


def test_smoothing_spreads_its_mass_over_all_classes():
    smooth, probabilities = 0.3, np.exp(LOGITS)
    targets = np.eye(3)[LABELS] * (1 - smooth) + smooth / 3
    expected = -(targets * np.log(probabilities)).sum(axis=1).mean()
    assert float(SparseCrossentropy(label_smoothing=smooth)(LABELS, LOGITS)) == pytest.approx(expected)


def test_it_agrees_with_the_stock_loss_on_one_hot_labels():
    stock = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    ours = SparseCrossentropy(label_smoothing=0.1)
    assert float(ours(LABELS, LOGITS)) == pytest.approx(float(stock(np.eye(3)[LABELS], LOGITS)), rel=1e-5)


def test_it_is_finite_for_large_logits():
    assert np.isfinite(float(SparseCrossentropy(label_smoothing=0.1)(LABELS, LOGITS * 1e4)))


def test_it_round_trips_through_its_config():
    loss = SparseCrossentropy(label_smoothing=0.2)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.label_smoothing == 0.2
