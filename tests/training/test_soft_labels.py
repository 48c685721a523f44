"""Soft labels in the loss, against the paper's formula, and in training."""

from __future__ import annotations

import csv
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.distillation import teachers
from kerascnn.layers import EnsembleHead, EnsembleModel
from kerascnn.training.losses import DistillationLoss, SparseCrossentropy
from kerascnn.training.trainer import Trainer
from kerascnn.utils.errors import InputError

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [1.0, 1.0, -2.0]], np.float32)
SOFT_LABELS = np.array([[0.7, 0.2, 0.1], [0.0, 0.9, 0.1], [1.0, 0.0, 0.0]], np.float32)
LABELS = np.array([0, 2, -1])
BAG = {
    "model": "bow", "ngrams": (1, 2), "linear_ngrams": (),
    "ngram_buckets": 4096, "max_length": 64, "epochs": 8, "patience": 8, "learning_rate": 0.02,
    "deterministic": True,
}  # fmt: skip


def softmax(logits):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def distillation_targets(class_weights=(1, 1, 1), soft_labels=SOFT_LABELS):
    weights = np.where(LABELS >= 0, np.asarray(class_weights)[LABELS], 0).astype(np.float32)
    return {"labels": LABELS, "label_weight": weights, "soft_labels": soft_labels}


def expected_loss(temperature, weight, smoothing=0.0, class_weights=(1, 1, 1)):
    """Return the loss of Hinton, Vinyals & Dean 2015, section 2, computed document by document."""
    losses = []
    with np.errstate(divide="ignore"):
        teacher, student = softmax(np.log(SOFT_LABELS) / temperature), softmax(LOGITS / temperature)
    for label, answer, p, q in zip(LABELS, softmax(LOGITS), teacher, student, strict=True):
        soft = -sum(p * np.log(q))
        target = (np.eye(3)[label] * (1 - smoothing) + smoothing / 3) * class_weights[label]
        hard = 0 if label < 0 else -sum(target * np.log(answer))
        losses.append((1 - weight) * hard + weight * temperature**2 * soft)
    return np.mean(losses)


@pytest.mark.parametrize(("temperature", "weight"), [(1.0, 1.0), (4.0, 1.0), (0.5, 0.3), (20.0, 0.9), (2.0, 0.0)])
def test_distillation_loss_is_that_of_the_paper(temperature, weight):
    loss = DistillationLoss(temperature=temperature, weight=weight)
    assert float(loss(distillation_targets(), LOGITS)) == pytest.approx(expected_loss(temperature, weight), rel=1e-5)


def test_smoothing_and_class_weights_leave_the_soft_label_term_alone():
    loss = DistillationLoss(temperature=3.0, weight=0.4, label_loss=SparseCrossentropy(label_smoothing=0.2))
    targets = distillation_targets(class_weights=(0.5, 1, 2.0))
    expected = expected_loss(3.0, 0.4, smoothing=0.2, class_weights=(0.5, 1, 2.0))
    assert float(loss(targets, LOGITS)) == pytest.approx(expected, rel=1e-5)


def test_gradient_keeps_its_size_at_high_temperatures():
    import tensorflow as tf

    logits, targets = tf.Variable(LOGITS / 10), distillation_targets(soft_labels=SOFT_LABELS.clip(0.3, 0.7))
    norms = []
    for temperature in (20.0, 40.0):
        with tf.GradientTape() as tape:
            loss = DistillationLoss(temperature=temperature, weight=1.0)(targets, logits)
        norms.append(float(tf.norm(tape.gradient(loss, logits))))
    assert norms[0] == pytest.approx(norms[1], rel=0.05)


def test_labels_without_soft_labels_get_the_label_loss():
    plain = SparseCrossentropy(label_smoothing=0.1)
    loss = DistillationLoss(temperature=2, weight=0.5, label_loss=plain)
    assert float(loss(LABELS[:2], LOGITS[:2])) == float(plain(LABELS[:2], LOGITS[:2]))


def test_accuracy_counts_only_documents_with_a_label():
    features = keras.Input((3,))
    model = keras.Model(features, keras.layers.Dense(3, name="logits", kernel_initializer="identity")(features))
    accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    trainer = Trainer(model, loss=DistillationLoss(temperature=2.0, weight=0.5), metrics=[accuracy])
    trainer.compile(keras.optimizers.SGD(0.0))
    trainer.train_step((LOGITS, distillation_targets((0.5, 1, 3.0)), np.ones(3, np.float32)))
    assert float(accuracy.result()) == 0.5
    trainer.test_step((LOGITS[:2], np.array([1, 1])))
    assert float(accuracy.result()) == 0.5


def test_each_member_of_an_ensemble_learns_from_soft_labels():
    features = keras.Input((2,))
    head = EnsembleHead(3, group_sizes=[1, 1])
    loss = DistillationLoss(temperature=2.0, weight=0.6)
    trainer = Trainer(EnsembleModel(features, head(features)), loss=loss)
    trainer.compile(keras.optimizers.SGD(0.1))
    values, targets = np.array([[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]], np.float32), distillation_targets()
    expected = np.mean([float(loss(targets, member)) for member in head.member_logits(values)])
    losses = []
    for _ in range(2):
        trainer.reset_metrics()
        trainer.train_step((values, targets, np.full(len(values), 1 / len(values), np.float32)))
        losses.append(float(trainer.get_metrics_result()["loss"]))
    assert losses[0] == pytest.approx(expected, rel=1e-5)
    assert losses[1] < losses[0]


@pytest.fixture(scope="module")
def teacher_data(news):
    """News of which every seventh has a label, a teacher that knows all of them well, and news to watch."""
    texts, labels = news
    classes = sorted(set(labels))
    soft_labels = np.full((len(texts), len(classes)), 0.05)
    soft_labels[np.arange(len(texts)), [classes.index(label) for label in labels]] = 0.8
    known = [label if row % 7 == 0 else None for row, label in enumerate(labels[::2])]
    return texts[::2], known, soft_labels[::2], (texts[1::2], labels[1::2])


def distilled(teacher_data, **options):
    texts, labels, soft_labels, watched = teacher_data
    given = {"soft_labels": soft_labels, "validation_data": watched, **options}
    return TextClassifier(**BAG, class_weights="balanced").fit(texts, labels, **given)


@pytest.fixture(scope="module")
def student(teacher_data):
    return distilled(teacher_data)


def test_student_learns_from_soft_labels_of_unlabelled_texts(student, teacher_data):
    texts, labels, soft_labels, watched = teacher_data
    labelled = [row for row, label in enumerate(labels) if label]
    alone = TextClassifier(**BAG, class_weights="balanced").fit(
        [texts[row] for row in labelled], [labels[row] for row in labelled], validation_data=watched
    )

    def agreement(classifier):
        return np.mean(classifier.predict_proba(texts).argmax(axis=1) == soft_labels.argmax(axis=1))

    assert agreement(student) > agreement(alone) + 0.2
    assert student.score(*watched) > alone.score(*watched) + 0.1
    assert student.bundle_.distillation == {"teacher": None, "temperature": 2.0, "weight": 0.9}
    assert alone.bundle_.distillation == {}


def test_a_bundle_a_file_and_a_function_with_the_same_probabilities_teach_the_same(
    student, news, tmp_path, monkeypatch
):
    texts, labels = news[0][:40], student.bundle_.labels
    rows = [Row(text, (), "news.csv", number) for number, text in enumerate(texts)]
    student.save(tmp_path / "bundle")
    soft_labels = student.predict_proba(texts)
    with open(tmp_path / "answers.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["text", *labels], *([t, *p] for t, p in zip(texts, soft_labels, strict=True))])
    monkeypatch.setitem(
        sys.modules, "my_teacher", SimpleNamespace(answer=lambda texts, _: student.predict_proba(texts))
    )
    monkeypatch.chdir(tmp_path)
    answers = [
        teachers.teacher_probabilities(spec, rows, labels, SourceConfig())
        for spec in ("bundle", "answers.csv", "my_teacher:answer")
    ]
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])
    np.testing.assert_allclose(answers[0], soft_labels, atol=1e-6)
    with pytest.raises(InputError, match="the teacher does not know the label 'weather'"):
        teachers.teacher_probabilities("bundle", rows, [*labels, "weather"], SourceConfig())
    with pytest.raises(InputError, match=f"the teacher knows the label '{labels[0]}', which no training row has"):
        teachers.teacher_probabilities("bundle", rows, labels[1:], SourceConfig())


def test_interrupted_distillation_resumes_to_the_same_weights_with_the_same_teacher_only(
    student, teacher_data, tmp_path
):
    class InterruptionError(Exception):
        """The process ends at the beginning of the third epoch."""

    def interrupt(callback, epoch, logs=None):
        if epoch == 2:
            raise InterruptionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.on_epoch_begin", interrupt)
        with pytest.raises(InterruptionError):
            distilled(teacher_data, folder=tmp_path)
    other = teacher_data[2].copy()
    other[3] = np.roll(other[3], 1)
    with pytest.raises(InputError, match="the interrupted run had soft labels"):
        distilled(teacher_data, folder=tmp_path, resume=True, soft_labels=other)
    resumed = distilled(teacher_data, folder=tmp_path, resume=True)
    assert [row["epoch"] for row in resumed.bundle_.history] == [row["epoch"] for row in student.bundle_.history]
    for expected, found in zip(student.bundle_.model.get_weights(), resumed.bundle_.model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda soft_labels: soft_labels[:-1],
            r"soft_labels: expected probabilities of shape \(texts, labels\) = \(150, 5\)",
        ),
        (
            lambda soft_labels: soft_labels * np.nan,
            "soft_labels, row 0: 'business' has the probability nan; give numbers from 0",
        ),
        (lambda soft_labels: soft_labels - 0.1, "row 0: '.*' has the probability -0.05"),
        (lambda soft_labels: soft_labels * 0.9, "row 0: the probabilities of 'business', .* sum to 0.9, not to 1"),
        (lambda soft_labels: None, "row 1 has no label; a label may be None only if soft_labels are given"),
    ],
    ids=["rows", "nan", "negative", "sum", "no teacher"],
)
def test_rejects_invalid_probabilities(change, message, teacher_data):
    texts, labels, soft_labels, validation = teacher_data
    with pytest.raises(InputError, match=message):
        TextClassifier(**BAG).fit(texts, labels, soft_labels=change(soft_labels), validation_data=validation)
