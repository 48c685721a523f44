"""The supervised contrastive loss against the formula of the paper."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.training.contrastive_loss import SupervisedContrastiveLoss

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(6, 4))
VECTORS = (VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)).astype("float32")
LABELS = np.array([0, 1, 0, 1, 0, 2], "int32")


def compute_losses(overlap, temperature):
    """Return the loss of each text by equation 2 of Khosla et al. 2020, with weights of the positives."""
    losses = []
    for i, vector in enumerate(VECTORS.astype("float64")):
        others = [j for j in range(len(VECTORS)) if j != i]
        scores = {j: vector @ VECTORS[j] / temperature for j in others}
        total = np.log(sum(np.exp(scores[j]) for j in others))
        weights = {j: overlap[i][j] for j in others if overlap[i][j]}
        losses.append(sum(w * (total - scores[j]) for j, w in weights.items()) / max(sum(weights.values()), 1e-9))
    return losses


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_is_the_loss_of_the_paper(temperature):
    found = SupervisedContrastiveLoss(temperature=temperature).call(LABELS, VECTORS)
    np.testing.assert_allclose(found, compute_losses(LABELS[:, None] == LABELS, temperature), rtol=1e-4, atol=1e-5)
    assert float(found[5]) == 0  # the only text with its label


def test_texts_of_several_labels_count_by_their_overlap():
    indicators = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 0]], "int32")
    sets = [set(np.flatnonzero(row)) for row in indicators]
    overlap = [[len(a & b) / max(len(a | b), 1) for b in sets] for a in sets]
    found = SupervisedContrastiveLoss(temperature=0.1).call(indicators, VECTORS)
    np.testing.assert_allclose(found, compute_losses(overlap, 0.1), rtol=1e-4, atol=1e-5)
    assert float(found[3]) == float(found[5]) == 0  # without a label, they share none


def test_descent_separates_the_labels():
    vectors, loss = keras.Variable(VECTORS), SupervisedContrastiveLoss(temperature=0.1)
    for _ in range(50):
        with tf.GradientTape() as tape:
            value = loss(LABELS, keras.ops.normalize(vectors))
        vectors.assign_sub(0.1 * tape.gradient(value, vectors.value))
    cosines = np.asarray(keras.ops.normalize(vectors)) @ np.asarray(keras.ops.normalize(vectors)).T
    same = LABELS[:, None] == LABELS
    assert cosines[same].min() > 0.6 > 0.3 > cosines[~same].max()


def test_can_be_serialized():
    loss = SupervisedContrastiveLoss(temperature=0.2)
    loaded = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(loaded) is type(loss) and loaded.get_config() == loss.get_config()
