"""The loss, by hand, and the metric."""

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

from kerascnn.training.losses import Distillation, MacroF1, SparseCrossentropy, hard_and_soft

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


def test_the_focal_loss_is_that_of_the_paper():
    # Lin et al. 2017, equation 4, at p = 0.7 and 0.1: (1 - p)**2 * -log(p) = 0.09 * 0.356675 and 0.81 * 2.302585
    focal = SparseCrossentropy(focal_gamma=2.0, reduction=None)(LABELS, LOGITS)
    np.testing.assert_allclose(focal, [0.0321007, 1.8650939], rtol=1e-5)
    assert float(SparseCrossentropy(focal_gamma=0.5)(LABELS[:1], LOGITS[:1])) == pytest.approx(0.3**0.5 * 0.3566749)


def test_a_weight_of_the_class_multiplies_the_focal_loss():
    weighted = SparseCrossentropy(focal_gamma=2.0, reduction="sum")(
        LABELS, LOGITS, sample_weight=np.array([0.25, 0.75])
    )
    assert float(weighted) == pytest.approx(0.25 * 0.0321007 + 0.75 * 1.8650939, rel=1e-5)


def test_smoothed_and_focal_it_agrees_with_the_stock_loss_on_one_hot_labels():
    stock = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=1.5, from_logits=True, label_smoothing=0.1)
    ours = SparseCrossentropy(label_smoothing=0.1, focal_gamma=1.5)
    assert float(ours(LABELS, LOGITS)) == pytest.approx(float(stock(np.eye(3)[LABELS], LOGITS)), rel=1e-5)


def test_a_teacher_is_learned_from_as_ever_beside_focal_labels():
    taught = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]], np.float32)
    settings = {"temperature": 2.0, "weight": 0.4}
    plain, focal = (
        Distillation(**settings, focal_gamma=gamma)(hard_and_soft(LABELS, taught), LOGITS) for gamma in (0, 2)
    )
    crossentropy, focal_labels = -(np.log(0.7) + np.log(0.1)) / 2, (0.0321007 + 1.8650939) / 2
    assert float(plain - focal) == pytest.approx(0.6 * (crossentropy - focal_labels), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.3, 1.0, 5.0])
def test_answers_without_any_doubt_have_a_finite_focal_gradient(gamma):
    import tensorflow as tf

    logits = tf.Variable([[200.0, 0.0, 0.0], [200.0, 0.0, 0.0]])
    with tf.GradientTape() as tape:
        loss = SparseCrossentropy(focal_gamma=gamma, label_smoothing=0.1)(LABELS, logits)
    assert np.isfinite(tape.gradient(loss, logits).numpy()).all()


def test_macro_f1_is_that_of_all_documents_and_not_the_mean_of_batches():
    rng = np.random.default_rng(0)
    labels, logits = rng.choice(4, 100, p=[0.7, 0.2, 0.1, 0]), rng.normal(size=(100, 4))
    logits[np.arange(100), labels] += 1
    metric = MacroF1(4)
    for batch in np.array_split(np.arange(100), 9):
        metric.update_state(labels[batch], logits[batch])
    expected = f1_score(labels, logits.argmax(axis=1), average="macro", labels=range(4), zero_division=0.0)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    unlabelled = np.where(np.arange(100) % 3 == 0, -1, labels)
    weights = np.array([0.2, 1, 3])[labels]
    metric.update_state(hard_and_soft(unlabelled, np.full((100, 4), 0.25), weights), logits)
    known = unlabelled >= 0
    expected = f1_score(
        labels[known], logits[known].argmax(axis=1), average="macro", labels=range(4), zero_division=0.0
    )
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
