"""Losses of single-label classification and of distillation; other multi-label losses are the binary ones of Keras."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class SparseCrossentropy(keras.losses.CategoricalCrossentropy):
    """``keras.losses.CategoricalCrossentropy`` of integer targets and logits.

    ``keras.losses.SparseCategoricalCrossentropy`` has no label smoothing. With smoothing ``s`` the target distribution
    of class ``k`` is ``(1 - s) * onehot(k) + s / classes`` (Szegedy et al. 2016, section 7).

    Args:
        label_smoothing: The mass ``s``, 0 to 1.
        **kwargs: Other arguments of ``keras.losses.CategoricalCrossentropy``.
    """

    def __init__(self, *, label_smoothing: float = 0.0, name: str = "sparse_crossentropy", **kwargs: Any) -> None:
        super().__init__(label_smoothing=label_smoothing, name=name, **{**kwargs, "from_logits": True})

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each document, float32 (batch,), 0 where the target is -1 and nothing is smoothed.

        Args:
            y_true: Positions of the classes, int (batch,).
            y_pred: Logits, float32 (batch, classes).
        """
        return super().call(_one_hot(y_true, y_pred), y_pred)


@keras.saving.register_keras_serializable(package="kerascnn")
class SparseFocalCrossentropy(keras.losses.CategoricalFocalCrossentropy):
    """``keras.losses.CategoricalFocalCrossentropy`` of integer targets and logits (Lin et al. 2017, equation 4).

    The loss is ``-sum(target * (1 - p)**gamma * log(p))`` over the classes. Class weights make it equation 5.

    Args:
        gamma: The exponent, above 0.
        label_smoothing: The mass that is spread over all classes, 0 to 1.
        **kwargs: Other arguments of ``keras.losses.CategoricalFocalCrossentropy``.
    """

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        label_smoothing: float = 0.0,
        name: str = "sparse_focal_crossentropy",
        **kwargs: Any,
    ) -> None:
        options = {**kwargs, "alpha": 1.0, "from_logits": True}
        super().__init__(gamma=gamma, label_smoothing=label_smoothing, name=name, **options)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each document, float32 (batch,).

        Args:
            y_true: Positions of the classes, int (batch,).
            y_pred: Logits, float32 (batch, classes).
        """
        return super().call(_one_hot(y_true, y_pred), y_pred)


@keras.saving.register_keras_serializable(package="kerascnn")
class DistillationLoss(keras.losses.Loss):
    """Cross-entropy with soft labels and with labels (Hinton, Vinyals & Dean 2015, section 2).

    With logits ``z``, label ``k``, soft labels ``p``, temperature ``T`` and weight ``w`` the loss is
    ``(1 - w) * H(onehot(k), softmax(z)) + w * T**2 * H(softmax(log(p) / T), softmax(z / T))``. Gradients of the second
    term shrink with ``1 / T**2``; the factor keeps the balance of both terms at every temperature. Label smoothing, the
    focal exponent and class weights change the first term only: soft labels already express how certain a label is.

    Args:
        temperature: ``T``, above 0.
        weight: ``w``, 0 to 1.
        label_loss: Loss of the first term, ``SparseCrossentropy`` or ``SparseFocalCrossentropy``.
        **kwargs: Arguments of ``keras.losses.Loss``.
    """

    def __init__(
        self,
        *,
        temperature: float,
        weight: float,
        label_loss: keras.losses.Loss | None = None,
        name: str = "distillation",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.temperature, self.weight = temperature, weight
        self.label_loss = label_loss or SparseCrossentropy()

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each document, float32 (batch,).

        Args:
            y_true: A dict of ``labels``, int (batch,), ``label_weight``, float32 (batch,), 0 for a document without a
                label, and ``soft_labels``, float32 (batch, classes), probabilities. Or labels alone, as in validation:
                then the loss is ``label_loss``.
            y_pred: Logits, float32 (batch, classes).
        """
        if not isinstance(y_true, dict):
            return self.label_loss.call(y_true, y_pred)
        labels = ops.maximum(y_true["labels"], 0)  # with -1, some losses are not finite
        hard = y_true["label_weight"] * self.label_loss.call(labels, y_pred)
        soft = self._soft_loss(y_true["soft_labels"], y_pred)
        return (1 - self.weight) * hard + self.weight * self.temperature**2 * soft

    def _soft_loss(self, probabilities: Tensor, logits: Tensor) -> Tensor:
        """Return the cross-entropy of each document with its soft labels, both at the temperature."""
        soft_labels = ops.power(probabilities, 1 / self.temperature)
        soft_labels = soft_labels / ops.sum(soft_labels, axis=-1, keepdims=True)
        return keras.losses.categorical_crossentropy(soft_labels, logits / self.temperature, from_logits=True)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "weight": self.weight,
            "label_loss": keras.losses.serialize(self.label_loss),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DistillationLoss:
        """Create the loss from the result of ``get_config``."""
        return cls(**{**config, "label_loss": keras.losses.deserialize(config["label_loss"])})


@keras.saving.register_keras_serializable(package="kerascnn")
class MultiLabelDistillationLoss(DistillationLoss):
    """``DistillationLoss`` of labels that do not exclude each other: of sigmoids, the mean over all labels.

    Its targets are indicators, int (batch, labels), -1 for a document without labels.

    Args:
        temperature: ``T``, above 0.
        weight: ``w``, 0 to 1.
        label_loss: Loss of the first term, a binary loss of logits.
        **kwargs: Arguments of ``keras.losses.Loss``.
    """

    def __init__(
        self,
        *,
        temperature: float,
        weight: float,
        label_loss: keras.losses.Loss | None = None,
        name: str = "multi_label_distillation",
        **kwargs: Any,
    ) -> None:
        label_loss = label_loss or keras.losses.BinaryCrossentropy(from_logits=True)
        super().__init__(temperature=temperature, weight=weight, label_loss=label_loss, name=name, **kwargs)

    def _soft_loss(self, probabilities: Tensor, logits: Tensor) -> Tensor:
        present, absent = (ops.power(values, 1 / self.temperature) for values in (probabilities, 1 - probabilities))
        soft_labels = present / (present + absent)
        return keras.losses.binary_crossentropy(soft_labels, logits / self.temperature, from_logits=True)


def _one_hot(targets: Tensor, logits: Tensor) -> Tensor:
    """Return targets as one-hot vectors, float32 (batch, classes); zeros for -1."""
    return tf.one_hot(tf.cast(targets, tf.int32), logits.shape[-1])
