"""Metrics of logits that Keras lacks; ``keras.metrics.SparseCategoricalAccuracy`` is used unchanged."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from kerascnn.layers.types import Tensor
from kerascnn.training.keras_internals import build_f1_score


@keras.saving.register_keras_serializable(package="kerascnn")
class MacroF1(keras.metrics.F1Score):
    """``keras.metrics.F1Score`` of integer targets and logits, the mean over all classes.

    It covers all documents since the last reset. The F1 of a class without documents is 0.

    Args:
        num_classes: Number of classes.
        name: Key in the logs.
    """

    def __init__(self, num_classes: int, name: str = "macro_f1") -> None:
        super().__init__(average="macro", name=name)
        self.num_classes = num_classes
        build_f1_score(self, num_classes)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count a batch of targets, int (batch,), and logits, float (batch, classes)."""
        super().update_state(tf.one_hot(tf.cast(y_true, tf.int32), self.num_classes), y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"num_classes": self.num_classes, "name": self.name}


@keras.saving.register_keras_serializable(package="kerascnn")
class SubsetAccuracy(keras.metrics.MeanMetricWrapper):
    """Fraction of documents with all labels right, at a logit of 0 (multi-label)."""

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(_has_right_labels, name=name)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"name": self.name}


@keras.saving.register_keras_serializable(package="kerascnn")
class MultiLabelMacroF1(keras.metrics.F1Score):
    """``keras.metrics.F1Score`` of indicators and logits, the mean over all labels, at a probability of 0.5.

    Args:
        num_labels: Number of labels.
        name: Key in the logs.
    """

    def __init__(self, num_labels: int, name: str = "macro_f1") -> None:
        super().__init__(average="macro", threshold=0.5, name=name)
        self.num_labels = num_labels
        build_f1_score(self, num_labels)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count a batch of indicators, int (batch, labels), and logits, float (batch, labels)."""
        super().update_state(y_true, ops.sigmoid(ops.cast(y_pred, "float32")), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"num_labels": self.num_labels, "name": self.name}


def _has_right_labels(y_true: Tensor, y_pred: Tensor) -> Tensor:
    return ops.all(ops.equal(y_true > 0, y_pred > 0), axis=-1)
