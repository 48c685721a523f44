"""The losses of single-label classification, and the metrics that are watched beside the losses of both tasks."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class SparseCrossentropy(keras.losses.Loss):
    """Cross-entropy of integer labels and logits, with label smoothing, or its focal variant.

    The target of class ``k`` is ``(1 - s) * onehot(k) + s / classes`` (Szegedy et al. 2016, section 7). With a gamma
    the loss is ``-sum(target * (1 - p)**gamma * log(p))`` over the classes: for targets that are not smoothed the focal
    loss of Lin et al. 2017, equation 4; weights of the classes make it equation 5.

    Args:
        label_smoothing: The mass ``s``, 0 to 1.
        focal_gamma: The exponent, 0 or more; 0: cross-entropy.
    """

    def __init__(
        self, *, label_smoothing: float = 0.0, focal_gamma: float = 0.0, name: str = "sparse_crossentropy", **kwargs
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.label_smoothing, self.focal_gamma = label_smoothing, focal_gamma

    def call(self, y_true, y_pred):
        """Loss of each document, float (batch,), from labels int (batch,) and logits float (batch, classes)."""
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        return self._smoothed(ops.one_hot(labels, ops.shape(y_pred)[-1], dtype="float32"), y_pred)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing, "focal_gamma": self.focal_gamma}

    def _smoothed(self, targets, y_pred):
        """Loss of each document, float (batch,), from one-hot labels times a weight, float (batch, classes)."""
        if self.label_smoothing:
            mass = ops.sum(targets, axis=-1, keepdims=True)
            targets = (1 - self.label_smoothing) * targets + self.label_smoothing / targets.shape[-1] * mass
        log_probabilities = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)
        if self.focal_gamma:
            # kept from 0, where a gamma below 1 has no gradient
            doubt = ops.maximum(1 - ops.exp(log_probabilities), keras.config.epsilon())
            log_probabilities *= ops.power(doubt, self.focal_gamma)
        return -ops.sum(targets * log_probabilities, axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class Distillation(SparseCrossentropy):
    """Cross-entropy with a teacher's probabilities, and with labels (Hinton, Vinyals & Dean 2015, section 2).

    With logits ``z``, label ``k``, the teacher's probabilities ``p``, temperature ``T`` and weight ``w`` the loss is
    ``(1 - w) * H(onehot(k), softmax(z)) + w * T**2 * H(softmax(log(p) / T), softmax(z / T))``. Gradients of the second
    term shrink with ``1 / T**2``; the factor keeps the balance of both whatever the temperature. A document without a
    label has the second term only. Labels are smoothed and weighted by class, and their term may be focal; all that the
    teacher's probabilities are not: they say already how sure one can be. Plain integer labels, as validation has them,
    get the loss of the parent.

    Args:
        temperature: ``T``, above 0.
        weight: ``w``, 0 to 1.
        **kwargs: ``label_smoothing`` and ``focal_gamma`` of the labels' term.
    """

    def __init__(self, *, temperature: float, weight: float, name: str = "distillation", **kwargs) -> None:
        super().__init__(name=name, **kwargs)
        self.temperature, self.weight = temperature, weight

    def call(self, y_true, y_pred):
        """Loss of each document, float (batch,), from ``hard_and_soft`` or labels, and logits (batch, classes)."""
        if len(y_true.shape) < 3:
            return super().call(y_true, y_pred)
        hard, soft = y_true[:, 0], ops.power(y_true[:, 1], 1 / self.temperature)
        soft = soft / ops.sum(soft, axis=-1, keepdims=True)
        log_probabilities = ops.log_softmax(ops.cast(y_pred, "float32") / self.temperature, axis=-1)
        taught = -(self.temperature**2) * ops.sum(soft * log_probabilities, axis=-1)
        return (1 - self.weight) * self._smoothed(hard, y_pred) + self.weight * taught

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "temperature": self.temperature, "weight": self.weight}


class Accuracy(keras.metrics.Mean):
    """Part of the documents whose label has the highest logit; in distillation, of the documents that have a label."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count a batch: ``hard_and_soft`` or labels int (batch,), and logits float (batch, classes)."""
        labels, known = _labels(y_true)
        return super().update_state(_highest(y_pred) == labels, known)


class MacroF1(keras.metrics.F1Score):
    """Mean of the F1 of all classes, over all documents so far that have a label; of a class without documents it is 0.

    Args:
        classes: Number of classes.
    """

    def __init__(self, classes: int, name: str = "macro_f1") -> None:
        super().__init__(average="macro", name=name)
        self.classes = classes
        self._build((None, classes), (None, classes))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count a batch: ``hard_and_soft`` or labels int (batch,), and logits float (batch, classes)."""
        labels, known = _labels(y_true)
        predicted = ops.one_hot(_highest(y_pred), self.classes)
        return super().update_state(ops.one_hot(labels, self.classes), predicted, known)


class SubsetAccuracy(keras.metrics.MeanMetricWrapper):
    """Part of the documents all of whose labels, and no others, have a logit above 0; of any number of labels."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(lambda y_true, y_pred: ops.all(ops.equal(y_true > 0, y_pred > 0), axis=-1), name=name)


class MacroF1OfLabels(keras.metrics.F1Score):
    """Mean of the F1 of all labels where a document has any number, each given where its logit is above 0."""

    def __init__(self, name: str = "macro_f1") -> None:
        super().__init__(average="macro", threshold=0.5, name=name)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count a batch: indicators int (batch, labels), and logits float (batch, labels)."""
        return super().update_state(y_true, ops.sigmoid(ops.cast(y_pred, "float32")), sample_weight)


def _labels(y_true):
    """Labels int (batch,), and whether there is one, bool (batch,) or None: everywhere."""
    if len(y_true.shape) < 3:
        return ops.cast(ops.reshape(y_true, (-1,)), "int32"), None
    return _highest(y_true[:, 0]), ops.any(y_true[:, 0] > 0, axis=-1)


def _highest(scores):
    """The class with the highest score, int32 (batch,); ``keras.ops.argmax`` takes a dozen operations for it."""
    return tf.argmax(scores, axis=-1, output_type=tf.int32)


def hard_and_soft(labels: np.ndarray, soft_labels: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """What ``Distillation`` is compared with: a label and a teacher's probabilities for each document, in one array.

    Args:
        labels: int (documents,); -1: the document has none.
        soft_labels: Probabilities, float (documents, classes).
        weights: What the label of each document counts, float (documents,); by default 1.

    Returns:
        float32 (documents, 2, classes): the label as one-hot times its weight, all 0 where there is none; and the
        probabilities.
    """
    targets = np.zeros((len(labels), 2, soft_labels.shape[1]), np.float32)
    known = np.flatnonzero(labels >= 0)
    targets[known, 0, labels[known]] = 1.0 if weights is None else weights[known]
    targets[:, 1] = soft_labels
    return targets
