"""Loss and metrics of tags, for models with a conditional random field and for models without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerascnn.data.tag_schemes import NEW_TAG, OUTSIDE, split_tag
from kerascnn.layers.linear_chain_crf import compute_log_marginals, find_best_tags, log_partition, score_tags
from kerascnn.layers.types import Tensor


@keras.saving.register_keras_serializable(package="kerascnn")
class TaggingLoss(keras.losses.Loss):
    """Negative log-likelihood of the tags of a sentence, the sum over its tokens.

    A conditional random field has no likelihood for a sentence with a new tag, in validation data: its loss is 0.

    Args:
        label_smoothing: Probability that is spread evenly over all tags, 0 to 1; it has no effect on a conditional
            random field.
        **kwargs: Arguments of ``keras.losses.Loss``.
    """

    def __init__(self, *, label_smoothing: float = 0.0, name: str = "tagging", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.label_smoothing = label_smoothing

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each sentence, float32 (batch,).

        Args:
            y_true: Tags, int (batch, time), -1 at padding, ``NEW_TAG`` for one that training does not have.
            y_pred: Logits of the tags, float32 (batch, time, tags), or the potentials of ``LinearChainCRF``.
        """
        if len(y_pred.shape) == 4:
            is_known = ops.all(ops.not_equal(y_true, NEW_TAG), axis=-1)
            return ops.where(is_known, log_partition(y_pred) - score_tags(y_pred, y_true), 0.0)
        log_probabilities = ops.log_softmax(y_pred, axis=-1)
        targets = ops.one_hot(ops.maximum(y_true, 0), y_pred.shape[-1], dtype=y_pred.dtype)
        targets = (1 - self.label_smoothing) * targets + self.label_smoothing / y_pred.shape[-1]
        losses = -ops.sum(targets * log_probabilities, axis=-1)
        return ops.sum(losses * ops.cast(y_true >= 0, losses.dtype), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable(package="kerascnn")
class TaggingDistillationLoss(keras.losses.Loss):
    """``(1 - w) * label loss + w * T**2 * cross-entropy with the teacher``, the sum over the tokens of a sentence.

    The student's probabilities of a tag are those given the whole sentence: with a conditional random field its
    marginals, which learn the marginals of the teacher (Wang et al. 2020).

    Args:
        temperature: ``T``, above 0; 1 for a conditional random field.
        weight: ``w``, 0 to 1.
        label_smoothing: As for ``TaggingLoss``.
        **kwargs: Arguments of ``keras.losses.Loss``.
    """

    def __init__(
        self,
        *,
        temperature: float,
        weight: float,
        label_smoothing: float = 0.0,
        name: str = "tagging_distillation",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.temperature, self.weight = temperature, weight
        self.label_loss = TaggingLoss(label_smoothing=label_smoothing)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each sentence, float32 (batch,).

        Args:
            y_true: A dict of ``labels``, int (batch, time), ``label_weight``, float32 (batch,), 0 for a sentence
                without tags, and ``soft_labels``, float32 (batch, time, tags), probabilities, -1 at padding. Or tags
                alone, as in validation.
            y_pred: As for ``TaggingLoss``.
        """
        if not isinstance(y_true, dict):
            return self.label_loss.call(y_true, y_pred)
        hard = y_true["label_weight"] * self.label_loss.call(y_true["labels"], y_pred)
        soft_labels = y_true["soft_labels"]
        is_token = ops.cast(soft_labels[:, :, 0] >= 0, y_pred.dtype)
        if len(y_pred.shape) == 4:
            temperature, log_probabilities = 1.0, compute_log_marginals(y_pred)
        else:
            temperature = self.temperature
            log_probabilities = ops.log_softmax(y_pred / temperature, axis=-1)
        soft_labels = ops.power(ops.maximum(soft_labels, 0), 1 / temperature)
        soft_labels = soft_labels / ops.maximum(ops.sum(soft_labels, axis=-1, keepdims=True), 1e-7)
        # a tag that is impossible for one of the two has a probability of 0
        losses = -ops.sum(soft_labels * ops.maximum(log_probabilities, -100.0), axis=-1)
        soft = ops.sum(losses * is_token, axis=-1)
        return (1 - self.weight) * hard + self.weight * temperature**2 * soft

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "weight": self.weight,
            "label_smoothing": self.label_loss.label_smoothing,
        }


def predict_tags(outputs: Tensor) -> Tensor:
    """Return the tags that logits or potentials predict, int32 (batch, time)."""
    return find_best_tags(outputs) if len(outputs.shape) == 4 else ops.cast(ops.argmax(outputs, axis=-1), "int32")


@keras.saving.register_keras_serializable(package="kerascnn")
class TokenAccuracy(keras.metrics.Mean):
    """Fraction of the tokens whose tag is right.

    Args:
        name: Key in the logs.
    """

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name=name)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count a batch of tags, int (batch, time), -1 at padding, and the outputs of the model for them."""
        is_right = ops.cast(predict_tags(y_pred) == ops.cast(y_true, "int32"), "float32")
        # flat: of several axes, ``Mean`` averages all but the first one, so that long batches would count less
        is_token = ops.cast(y_true >= 0, "float32")
        super().update_state(ops.reshape(is_right, (-1,)), ops.reshape(is_token, (-1,)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"name": self.name}


@keras.saving.register_keras_serializable(package="kerascnn")
class SpanF1(keras.metrics.Metric):
    """F1 of the spans of tags in the scheme IOB2, the micro average over all labels, as conlleval computes it.

    Args:
        labels: All tags, (tags,).
        name: Key in the logs.
    """

    def __init__(self, labels: Sequence[str], name: str = "span_f1") -> None:
        super().__init__(name=name)
        self.labels = tuple(labels)
        parts = [split_tag(label) for label in self.labels]
        names = sorted({part.label for part in parts if part.prefix != OUTSIDE})
        # one more at the end, which -1 finds: no span
        self._kinds = [0 if part.prefix == OUTSIDE else 1 + names.index(part.label) for part in parts] + [0]
        self._begins = [part.prefix == "B" for part in parts] + [False]
        self.counts = self.add_weight(shape=(3,), initializer="zeros", name="counts")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        """Count a batch of tags, int (batch, time), -1 at padding, and the outputs of the model for them."""
        y_true = ops.cast(y_true, "int32")
        true = self._find_spans(y_true)
        found = self._find_spans(ops.where(y_true >= 0, predict_tags(y_pred), -1))
        both = ops.logical_and(true[0], found[0])
        for a, b in zip(true[1:], found[1:], strict=True):
            both = ops.logical_and(both, ops.equal(a, b))
        self.counts.assign_add(ops.stack([ops.sum(ops.cast(x, "float32")) for x in (both, true[0], found[0])]))

    def result(self) -> Tensor:
        """Return the F1, 0 without spans."""
        counts = ops.convert_to_tensor(self.counts)
        return 2 * counts[0] / ops.maximum(counts[1] + counts[2], 1)

    def _find_spans(self, tags: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return where spans begin, of which kind they are, and where they end, each (batch, time)."""
        tags = ops.where(tags < 0, len(self.labels), tags)
        kinds = ops.take(ops.convert_to_tensor(self._kinds, dtype="int32"), tags)
        begins = ops.take(ops.convert_to_tensor(self._begins, dtype="bool"), tags)
        before = ops.pad(kinds[:, :-1], [[0, 0], [1, 0]])
        begins = ops.logical_and(kinds > 0, ops.logical_or(begins, kinds != before))
        goes_on = ops.pad(
            ops.cast(ops.logical_and(kinds > 0, ops.logical_not(begins)), "int32")[:, 1:], [[0, 0], [0, 1]]
        )
        # the first position from each one on after which no span goes on
        positions = ops.arange(ops.shape(tags)[1], dtype="int32")
        is_end = ops.expand_dims(goes_on == 0, 1)
        is_later = ops.expand_dims(ops.expand_dims(positions, 0) >= ops.expand_dims(positions, 1), 0)
        ends = ops.min(ops.where(ops.logical_and(is_end, is_later), positions, ops.shape(tags)[1]), axis=-1)
        return begins, kinds, ends

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {"labels": self.labels, "name": self.name}
