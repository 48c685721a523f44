"""The loss of single-label classification."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class SparseCrossentropy(keras.losses.Loss):
    """Cross-entropy of integer labels and logits, with label smoothing.

    The target of class ``k`` is ``(1 - s) * onehot(k) + s / classes`` (Szegedy et al. 2016, section 7).

    Args:
        label_smoothing: The mass ``s``, 0 to 1.
    """

    def __init__(self, *, label_smoothing: float = 0.0, name: str = "sparse_crossentropy", **kwargs) -> None:
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        """Loss of each document, float (batch,), from labels int (batch,) and logits float (batch, classes)."""
        log_probabilities = ops.log_softmax(ops.cast(y_pred, "float32"), axis=-1)
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        targets = ops.one_hot(labels, ops.shape(y_pred)[-1], dtype="float32")
        expected = ops.sum(targets * log_probabilities, axis=-1)
        if not self.label_smoothing:
            return -expected
        uniform = ops.mean(log_probabilities, axis=-1)
        return -((1 - self.label_smoothing) * expected + self.label_smoothing * uniform)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
