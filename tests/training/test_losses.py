"""Losses and metrics against the formulas of the papers, stock Keras and scikit-learn."""

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score

from kerascnn.training.losses import (
    DistillationLoss,
    MultiLabelDistillationLoss,
    SparseCrossentropy,
    SparseFocalCrossentropy,
)
from kerascnn.training.metrics import MacroF1, MultiLabelMacroF1, SubsetAccuracy

LOGITS = np.log([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).astype("float32")
LABELS = np.array([0, 1])


def test_crossentropy_is_the_mean_negative_log_probability_of_the_label():
    assert float(SparseCrossentropy()(LABELS, LOGITS)) == pytest.approx(-(np.log(0.7) + np.log(0.1)) / 2)


def test_label_smoothing_spreads_its_mass_over_all_classes():
    smooth, probabilities = 0.3, np.exp(LOGITS)
    targets = np.eye(3)[LABELS] * (1 - smooth) + smooth / 3
    expected = -(targets * np.log(probabilities)).sum(axis=1).mean()
    assert float(SparseCrossentropy(label_smoothing=smooth)(LABELS, LOGITS)) == pytest.approx(expected)


def test_crossentropy_equals_the_keras_loss_of_one_hot_labels():
    stock = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    ours = SparseCrossentropy(label_smoothing=0.1)
    assert float(ours(LABELS, LOGITS)) == pytest.approx(float(stock(np.eye(3)[LABELS], LOGITS)), rel=1e-5)


def test_crossentropy_of_large_logits_is_finite():
    assert np.isfinite(float(SparseCrossentropy(label_smoothing=0.1)(LABELS, LOGITS * 1e4)))


@pytest.mark.parametrize(
    "loss",
    [
        SparseCrossentropy(label_smoothing=0.2),
        SparseFocalCrossentropy(gamma=1.5, label_smoothing=0.2),
        DistillationLoss(temperature=2, weight=0.5, label_loss=SparseFocalCrossentropy(gamma=1.5)),
        MultiLabelDistillationLoss(temperature=2, weight=0.5),
    ],
    ids=lambda loss: loss.name,
)
def test_losses_can_be_serialized(loss):
    loaded = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(loaded) is type(loss)
    assert loaded.get_config() == loss.get_config()


@pytest.mark.parametrize(
    "metric", [MacroF1(3), MultiLabelMacroF1(3), SubsetAccuracy()], ids=lambda metric: type(metric).__name__
)
def test_metrics_can_be_serialized(metric):
    loaded = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(loaded) is type(metric)
    assert loaded.get_config() == metric.get_config()


def test_focal_loss_is_that_of_the_paper():
    # Lin et al. 2017, equation 4, at p = 0.7 and 0.1: (1 - p)**2 * -log(p) = 0.09 * 0.356675 and 0.81 * 2.302585
    focal = SparseFocalCrossentropy(gamma=2.0, reduction=None)(LABELS, LOGITS)
    np.testing.assert_allclose(focal, [0.0321007, 1.8650939], rtol=1e-5)
    assert float(SparseFocalCrossentropy(gamma=0.5)(LABELS[:1], LOGITS[:1])) == pytest.approx(0.3**0.5 * 0.3566749)


def test_class_weights_multiply_the_focal_loss():
    weighted = SparseFocalCrossentropy(gamma=2.0, reduction="sum")(LABELS, LOGITS, sample_weight=np.array([0.25, 0.75]))
    assert float(weighted) == pytest.approx(0.25 * 0.0321007 + 0.75 * 1.8650939, rel=1e-5)


def test_smoothed_focal_loss_equals_the_keras_loss_of_one_hot_labels():
    stock = keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=1.5, from_logits=True, label_smoothing=0.1)
    ours = SparseFocalCrossentropy(label_smoothing=0.1, gamma=1.5)
    assert float(ours(LABELS, LOGITS)) == pytest.approx(float(stock(np.eye(3)[LABELS], LOGITS)), rel=1e-5)


def test_focal_exponent_leaves_the_soft_label_term_alone():
    soft_labels = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1]], np.float32)
    targets = {"labels": LABELS, "label_weight": np.ones(2, np.float32), "soft_labels": soft_labels}
    plain, focal = (
        DistillationLoss(temperature=2.0, weight=0.4, label_loss=label_loss)(targets, LOGITS)
        for label_loss in (SparseCrossentropy(), SparseFocalCrossentropy(gamma=2.0))
    )
    crossentropy, focal_labels = -(np.log(0.7) + np.log(0.1)) / 2, (0.0321007 + 1.8650939) / 2
    assert float(plain - focal) == pytest.approx(0.6 * (crossentropy - focal_labels), rel=1e-5)


def test_multi_label_distillation_is_the_sum_of_two_binary_crossentropies():
    labels, known = np.array([[1, 0, 1], [-1, -1, -1]]), np.array([1, 0], np.float32)
    soft_labels, temperature, weight = np.array([[0.9, 0.2, 0.6], [0.0, 1.0, 0.5]], np.float32), 2.0, 0.7
    targets = {"labels": labels, "label_weight": known, "soft_labels": soft_labels}

    def crossentropy(p, z):
        q = 1 / (1 + np.exp(-z))
        return -(p * np.log(q) + (1 - p) * np.log(1 - q)).mean(axis=1)

    softened = np.sqrt(soft_labels) / (np.sqrt(soft_labels) + np.sqrt(1 - soft_labels))
    soft = crossentropy(softened, LOGITS / temperature)
    expected = (1 - weight) * known * crossentropy(labels, LOGITS) + weight * temperature**2 * soft
    found = MultiLabelDistillationLoss(temperature=temperature, weight=weight, reduction=None)(targets, LOGITS)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_documents_without_labels_have_a_finite_loss_with_every_focal_exponent():
    label_loss = keras.losses.BinaryFocalCrossentropy(gamma=1.5, from_logits=True)
    targets = {
        "labels": np.array([[1, 0, 1], [-1, -1, -1]]),
        "label_weight": np.array([1, 0], np.float32),
        "soft_labels": np.full((2, 3), 0.5, np.float32),
    }
    loss = MultiLabelDistillationLoss(temperature=2.0, weight=0.0, label_loss=label_loss, reduction=None)
    found = keras.ops.convert_to_numpy(loss(targets, LOGITS))
    assert found[0] > 0
    assert found[1] == 0


@pytest.mark.parametrize("gamma", [0.3, 1.0, 5.0])
def test_focal_gradient_of_certain_predictions_is_finite(gamma):
    import tensorflow as tf

    logits = tf.Variable([[200.0, 0.0, 0.0], [200.0, 0.0, 0.0]])
    with tf.GradientTape() as tape:
        loss = SparseFocalCrossentropy(gamma=gamma, label_smoothing=0.1)(LABELS, logits)
    assert np.isfinite(tape.gradient(loss, logits).numpy()).all()


def test_macro_f1_covers_all_documents_with_a_label():
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
    known = unlabelled >= 0
    metric.update_state(unlabelled, logits, known)
    expected = f1_score(
        labels[known], logits[known].argmax(axis=1), average="macro", labels=range(4), zero_division=0.0
    )
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
