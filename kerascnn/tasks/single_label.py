"""One label per document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from kerascnn.tasks.base import Task
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerascnn.config import TrainingConfig
    from kerascnn.data.records import Label


class SingleLabel(Task):
    """One label per document: softmax, cross-entropy, and the most probable label as prediction.

    Targets are int32 (documents,), positions among the classes; -1 where a document has soft labels only.
    """

    name = "single_label"
    summary = "Classifies text into {} classes"
    activation = "softmax"

    def accepts(self, labels: Any) -> bool:
        """True: labels that no other task accepts are single labels."""
        return True

    def as_labels(self, labels: Any) -> list[Any]:
        """Convert a list, an array or a column of a table, (documents,), to a list of Python strings and numbers.

        Raises:
            InputError: The labels are empty or a table.
        """
        try:
            return column_or_1d(labels, warn=True).tolist()
        except ValueError as error:
            raise InputError(f"labels: {' '.join(str(error).split())}") from None

    def find_classes(self, labels: Sequence[Any], *, has_teacher: bool = False) -> np.ndarray:
        """Return all labels, sorted, (classes,); None is not a class and allowed only with a teacher.

        Raises:
            InputError: A label is missing or not a class, or all labels are equal.
        """
        known = [label for label in labels if label is not None]
        if len(known) < len(labels) and not has_teacher:
            row = next(row for row, label in enumerate(labels) if label is None)
            raise InputError(f"row {row} has no label; a label may be None beside soft_labels only")
        values = np.asarray(labels if len(known) == len(labels) else known)
        if (kind := type_of_target(values)) not in ("binary", "multiclass"):
            raise InputError(f"Unknown label type: {kind}; a label is a string or a whole number, one for each text")
        classes = np.unique(values)
        if len(classes) < 2:
            raise InputError(f"a classifier needs two classes or more. Received one class: {classes.tolist()}")
        return classes

    def encode(self, labels: Sequence[Any], classes: np.ndarray, *, has_teacher: bool = False) -> np.ndarray:
        """Return the position of each label among the classes, int32 (documents,); -1 for None with a teacher.

        Raises:
            InputError: A label is not one of the classes.
        """
        positions = {label: i for i, label in enumerate(classes.tolist())} | ({None: -1} if has_teacher else {})
        labels = self.as_labels(labels)
        for row, label in enumerate(labels):
            if label not in positions:
                raise InputError(
                    f"row {row}: the label {label!r} was not seen in training; known are {list(positions)}"
                )
        return np.fromiter((positions[label] for label in labels), np.int32, len(labels))

    def decode(self, targets: np.ndarray, classes: np.ndarray) -> list[Label | None]:
        """Return one label name per document; None for -1."""
        return [None if target < 0 else str(classes[target]) for target in targets]

    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Accept every setting."""

    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return the cross-entropy with the labels, and with a teacher's probabilities if there is one."""
        from kerascnn.training.losses import Distillation, SparseCrossentropy

        options: dict[str, Any] = {"label_smoothing": settings.label_smoothing, "focal_gamma": settings.focal_gamma}
        if not has_teacher:
            return SparseCrossentropy(**options)
        return Distillation(temperature=settings.soft_label_temperature, weight=settings.soft_label_weight, **options)

    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return accuracy, and macro-F1 if training monitors it."""
        from kerascnn.training.losses import Accuracy, MacroF1

        return [Accuracy(name="accuracy"), *([MacroF1(num_labels)] if settings.monitor == "macro_f1" else [])]

    def predict(self, probabilities: np.ndarray, thresholds: Sequence[float] | None = None) -> np.ndarray:
        """Return the position of the most probable label, int (documents,)."""
        return probabilities.argmax(axis=1)

    def ranked_labels(self, probabilities: np.ndarray, thresholds: Sequence[float] | None = None) -> list[list[int]]:
        """Return the position of the most probable label, one per document."""
        return [[best] for best in probabilities.argmax(axis=1).tolist()]

    def serving_outputs(
        self, probabilities: tf.Tensor, labels: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, tf.Tensor]:
        """Return `label`, string (batch,): the most probable label."""
        import tensorflow as tf

        return {"label": tf.gather(tf.constant(labels), tf.argmax(probabilities, axis=-1))}

    def fit_temperature(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """Return the temperature of the lowest cross-entropy of the softmax."""
        from kerascnn.evaluation.calibration import fit_temperature

        return fit_temperature(logits, targets)

    def default_thresholds(self, num_labels: int) -> None:
        """Return None: the most probable label needs no threshold."""

    def fit_thresholds(self, targets: np.ndarray, probabilities: np.ndarray) -> None:
        """Return None: the most probable label needs no threshold."""

    def calibration_error(self, targets: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the expected calibration error of the most probable label, 0 to 1."""
        from kerascnn.evaluation.metrics import expected_calibration_error

        return expected_calibration_error(targets, probabilities)

    def evaluate(
        self,
        targets: np.ndarray,
        probabilities: np.ndarray,
        names: Sequence[str],
        thresholds: Sequence[float] | None = None,
    ) -> dict[str, Any]:
        """Return all metrics, see ``kerascnn.evaluation.metrics.evaluate``."""
        from kerascnn.evaluation.metrics import evaluate

        return evaluate(targets, probabilities, names)

    def notable_examples(
        self, targets: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, count: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return documents by the probability of the predicted label."""
        from kerascnn.evaluation.metrics import notable_examples

        return notable_examples(targets, probabilities, count)
