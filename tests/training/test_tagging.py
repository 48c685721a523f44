"""Loss and metrics of tags."""

from __future__ import annotations

import random

import numpy as np
import pytest
from keras import ops

from kerascnn.data.tag_schemes import NEW_TAG
from kerascnn.layers import LinearChainCRF
from kerascnn.layers.linear_chain_crf import combine_potentials, compute_marginals
from kerascnn.tasks.span_metrics import evaluate_spans
from kerascnn.training.tagging import SpanF1, TaggingDistillationLoss, TaggingLoss, TokenAccuracy

LABELS = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]


def one_hot(tags):
    return 10 * np.eye(len(LABELS), dtype=np.float32)[tags]


def test_span_f1_is_that_of_all_batches():
    generator, metric, accuracy = random.Random(0), SpanF1(LABELS), TokenAccuracy()
    true, predicted = [], []
    for _ in range(20):
        lengths = [generator.randrange(1, 9) for _ in range(4)]
        batch = np.full((2, 4, generator.randrange(9, 20)), -1)
        for row, length in enumerate(lengths):
            for tags in batch[:, row]:
                tags[:length] = [generator.choice([0, 1, 2, 3, 4, 4]) for _ in range(length)]
        metric.update_state(batch[0], one_hot(batch[1]))
        accuracy.update_state(batch[0], one_hot(batch[1]))
        for names, rows in ((true, batch[0]), (predicted, batch[1])):
            names += [[LABELS[i] for i in row[:length]] for row, length in zip(rows, lengths, strict=True)]
    assert float(metric.result()) == pytest.approx(evaluate_spans(true, predicted)["f1"])
    right = [a == b for x, y in zip(true, predicted, strict=True) for a, b in zip(x, y, strict=True)]
    assert float(accuracy.result()) == pytest.approx(np.mean(right))


def test_random_field_without_transitions_has_the_loss_of_a_softmax():
    generator = np.random.default_rng(0)
    scores, tags = generator.normal(size=(2, 4, 5)).astype(np.float32), np.array([[1, 3, 4, 4], [0, 4, -1, -1]])
    potentials = LinearChainCRF()(scores, (tags >= 0).astype(np.float32)[..., None])
    np.testing.assert_allclose(TaggingLoss().call(tags, potentials), TaggingLoss().call(tags, scores), rtol=1e-4)


def test_new_tags_of_validation_data_have_no_loss():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(3, 4, 5)).astype(np.float32)
    tags = np.array([[1, 3, 4, 4], [1, NEW_TAG, 4, -1], [NEW_TAG, -1, -1, -1]])
    potentials = LinearChainCRF()(scores, (tags != -1).astype(np.float32)[..., None])
    losses = np.asarray(TaggingLoss().call(tags, potentials))
    assert losses[0] > 0
    assert losses[1:].tolist() == [0, 0]
    known = np.array([[1, 4]])
    softmax = TaggingLoss().call(np.array([[1, NEW_TAG, 4, -1]]), scores[1:2])
    np.testing.assert_allclose(softmax, TaggingLoss().call(known, scores[1:2, [0, 2]]), rtol=1e-5)


def test_label_smoothing_raises_the_loss_of_certain_tags():
    tags = np.array([[0, 1]])
    assert float(TaggingLoss(label_smoothing=0.1).call(tags, one_hot(tags))[0]) > 1


def test_student_learns_marginals_without_padding():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(2, 4, 3)).astype("float32")
    valid = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], "float32")[..., None]
    arrays = scores, valid, np.ones(3, "float32"), np.eye(3, dtype="float32")
    potentials = combine_potentials(*map(ops.convert_to_tensor, arrays))
    soft_labels = ops.convert_to_numpy(compute_marginals(potentials)).copy()
    soft_labels[valid[..., 0] == 0] = -1
    labels = np.where(valid[..., 0] > 0, 1, -1)
    for outputs in (potentials, ops.convert_to_tensor(scores)):
        loss = TaggingDistillationLoss(temperature=1.0, weight=1.0)
        targets = {"labels": labels, "label_weight": np.ones(2, "float32"), "soft_labels": soft_labels}
        whole = ops.convert_to_numpy(loss.call(targets, outputs))
        short = {"labels": labels[1:, :2], "label_weight": np.ones(1, "float32"), "soft_labels": soft_labels[1:, :2]}
        np.testing.assert_allclose(ops.convert_to_numpy(loss.call(short, outputs[1:, :2])), whole[1:], rtol=1e-5)
    entropy = -np.sum(np.where(soft_labels > 0, soft_labels * np.log(np.maximum(soft_labels, 1e-9)), 0), axis=(1, 2))
    teacher = ops.convert_to_numpy(TaggingDistillationLoss(temperature=1.0, weight=1.0).call(targets, potentials))
    np.testing.assert_allclose(teacher, entropy, rtol=1e-4)


def test_sentence_without_tags_counts_by_its_teacher_alone():
    scores = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(1, 2, 3)).astype("float32"))
    soft_labels = np.full((1, 2, 3), 1 / 3, "float32")
    targets = {"labels": np.full((1, 2), -1), "label_weight": np.zeros(1, "float32"), "soft_labels": soft_labels}
    half, whole = (
        ops.convert_to_numpy(TaggingDistillationLoss(temperature=1.0, weight=weight).call(targets, scores))
        for weight in (0.5, 1.0)
    )
    np.testing.assert_allclose(2 * half, whole, rtol=1e-5)
    labels = np.zeros((1, 2), int)
    loss = TaggingDistillationLoss(temperature=1.0, weight=0.5)
    np.testing.assert_allclose(loss.call(labels, scores), TaggingLoss().call(labels, scores))
    assert TaggingDistillationLoss.from_config(loss.get_config()).weight == 0.5
