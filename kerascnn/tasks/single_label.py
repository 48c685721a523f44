"""One label per document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kerascnn.data import records
from kerascnn.data.records import Row, location
from kerascnn.data.sample_weights import encode_class_weight
from kerascnn.tasks.base import Task
from kerascnn.tasks.calibration import calibration_gap, fit_temperature
from kerascnn.tasks.label_values import find_position, to_label
from kerascnn.tasks.rankings import most_frequent_pairs, rank_examples
from kerascnn.tasks.report_texts import ReportTexts
from kerascnn.tasks.single_label_metrics import compute_single_label_losses, evaluate_single_label, reliability_bins
from kerascnn.tasks.stratification import split_by_class
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import MAX_SHOWN_LABELS, InputError, quote_names

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerascnn.config import TrainingConfig


class SingleLabel(Task):
    """One label per document: softmax, cross-entropy, and the most probable label as prediction.

    Targets are int32 (documents,), positions among the classes; -1 where a document has soft labels only.
    """

    name = records.SINGLE_LABEL_TASK
    activation = "softmax"
    predicts_list = False
    allows_no_label = False
    summary = "Classifies text into {} classes"
    metric_titles: ClassVar[Mapping[str, str]] = {
        "accuracy": "accuracy",
        "macro_f1": "macro-F1",
        "loss": "loss",
        "ece": "calibration error",
    }
    linear_imbalance_remedy = "--training.class_weights balanced"
    imbalance_remedy = (
        "--training.class_weights balanced, --training.sampling balanced or --training.focal_gamma 2; compare models by"
        " --training.monitor macro_f1"
    )
    stratification = "class"
    report_texts = ReportTexts(
        labels="classes",
        reliability="how many predictions of equal confidence are right",
        no_confusion="No prediction is wrong.",
        confused_pairs="The most frequently confused pairs of classes.",
        mistakes="the prediction",
        uncertain="the lowest probability of the predicted label",
        names_explained_label=False,
    )

    def accepts(self, labels: Any) -> bool:
        """Return True: labels that no other task accepts are single labels."""
        return True

    def as_labels(self, labels: Any) -> list[Any]:
        """Convert a list, an array or a column of a table, (documents,), to a list of Python strings and numbers.

        Labels that are missing, such as NaN and ``pandas.NA``, become None.

        Raises:
            InputError: The labels are empty or a table.
        """
        from sklearn.utils.validation import column_or_1d  # deferred: commands print their help without scikit-learn

        if getattr(labels, "ndim", 1) != 1:
            try:
                labels = column_or_1d(labels, warn=True)
            except (ValueError, TypeError):
                raise InputError(
                    f"labels: give one label per text; an array of shape {labels.shape} is neither a column of labels"
                    " nor an indicator matrix, whose numbers are 0 and 1"
                ) from None
        return [to_label(label, row) for row, label in enumerate(labels)]

    def find_classes(self, labels: Sequence[Any], *, has_teacher: bool = False) -> np.ndarray:
        """Return all labels, sorted, (classes,); None is not a class and allowed only with a teacher.

        Raises:
            InputError: A label is missing or not a class, or all labels are equal.
        """
        from sklearn.utils.multiclass import type_of_target

        known = [label for label in labels if label is not None]
        if len(known) < len(labels) and not has_teacher:
            row = next(row for row, label in enumerate(labels) if label is None)
            raise InputError(f"row {row} has no label; a label may be None only if soft_labels are given")
        if len({isinstance(label, str) for label in known}) > 1:
            raise InputError("labels are strings and numbers; give strings, or whole numbers")
        values = np.asarray(labels if len(known) == len(labels) else known)
        try:
            kind = type_of_target(values)
        except (ValueError, TypeError):  # infinite or complex numbers
            kind = "unknown"
        if kind not in ("binary", "multiclass"):
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
            if label is None and not has_teacher:
                raise InputError(f"row {row} has no label")
            if find_position(label, positions) is None:
                known = quote_names(list(positions), MAX_SHOWN_LABELS)
                raise InputError(f"row {row}: the label {shorten(label)} was not seen in training; known are {known}")
        return np.fromiter((positions[label] for label in labels), np.int32, len(labels))

    def decode(self, targets: np.ndarray, classes: np.ndarray) -> list[tuple[str, ...]]:
        """Return one label per document; none for -1."""
        return [() if target < 0 else (str(classes[target]),) for target in targets]

    def labels_of_rows(self, rows: Sequence[Row]) -> list[str | None]:
        """Return one label per row; None where it is not known."""
        return [row.label or None for row in rows]

    def convert_row(self, row: Row, split: str) -> Row:
        """Return a row of single-label data unchanged."""
        if row.task == self.name:
            return row
        raise InputError(
            f"{location(row)}: this {split} row has a list of labels, {list(row.labels)}, but other rows have one"
            " label; write lists in all rows, or one label in all rows"
        )

    def draw_split(self, rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
        """Draw positions from each class, see ``split_by_class``."""
        return split_by_class(rows, fractions, seed)

    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Reject a metric of spans."""
        if settings.monitor == "span_f1":
            raise InputError("training.monitor span_f1: it is for tags of tokens; give accuracy, macro_f1 or loss")

    def encode_class_weight(self, class_weight: Mapping[Any, float], classes: np.ndarray) -> np.ndarray:
        """Return the weight of each class, float32 (classes,)."""
        return encode_class_weight(class_weight, classes)

    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return the cross-entropy with the labels, and with a teacher's probabilities if there is one."""
        from kerascnn.training.losses import DistillationLoss, SparseCrossentropy, SparseFocalCrossentropy

        label_loss = (
            SparseFocalCrossentropy(gamma=settings.focal_gamma, label_smoothing=settings.label_smoothing)
            if settings.focal_gamma
            else SparseCrossentropy(label_smoothing=settings.label_smoothing)
        )
        if not has_teacher:
            return label_loss
        return DistillationLoss(
            temperature=settings.soft_label_temperature, weight=settings.soft_label_weight, label_loss=label_loss
        )

    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return accuracy, and macro-F1 if it is monitored."""
        import keras

        from kerascnn.training.metrics import MacroF1

        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        return [accuracy, *([MacroF1(num_labels)] if settings.monitor == "macro_f1" else [])]

    def predict(self, probabilities: np.ndarray, thresholds: Sequence[float] | None = None) -> np.ndarray:
        """Return the position of the most probable label, int (documents,)."""
        return np.asarray(probabilities.argmax(axis=1))

    def ranked_labels(self, probabilities: np.ndarray, thresholds: Sequence[float] | None = None) -> list[list[int]]:
        """Return the position of the most probable label, one per document."""
        return [[best] for best in probabilities.argmax(axis=1).tolist()]

    def serving_outputs(
        self, probabilities: tf.Tensor, labels: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, tf.Tensor]:
        """Return ``label``, the name of the most probable label, string (batch,)."""
        import tensorflow as tf

        return {"label": tf.gather(tf.constant(labels), tf.argmax(probabilities, axis=-1))}

    def cross_entropy(self, targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Return minus the log-probability of the label of each document, (documents,), in nats."""
        return compute_single_label_losses(targets, probabilities)

    def fit_temperature(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """Return the temperature of the lowest cross-entropy of the softmax."""
        return fit_temperature(logits, targets)

    def calibration_error(self, targets: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the expected calibration error of the most probable label, 0 to 1 (Guo et al. 2017, equation 3)."""
        return calibration_gap(reliability_bins(targets, probabilities))

    def evaluate(
        self,
        targets: np.ndarray,
        probabilities: np.ndarray,
        names: Sequence[str],
        thresholds: Sequence[float] | None = None,
    ) -> dict[str, Any]:
        """Return all metrics of a set of documents.

        Args:
            targets: True classes, int (documents,).
            probabilities: Predicted probabilities, float (documents, classes).
            names: Name of each class.
            thresholds: Not used.

        Returns:
            ``rows``; ``accuracy``, ``macro_f1`` (0 to 1); ``loss`` (mean cross-entropy, nats); ``ece`` (expected
            calibration error, 0 to 1); ``per_class`` (name to precision, recall, f1, support); ``confusion_matrix``
            (rows: true, columns: predicted); ``intervals`` (95 % confidence intervals of accuracy, macro_f1, loss);
            ``reliability``, see ``calibration.bin_by_confidence``; ``curves``, see ``curves.compute_curves``, with the
            ``coverage`` of ``compute_coverage``.
        """
        return evaluate_single_label(targets, probabilities, names)

    def score(
        self, labels: Any, predictions: np.ndarray, classes: np.ndarray, sample_weight: Sequence[float] | None = None
    ) -> float:
        """Return the accuracy; a label that is not a class counts as wrong."""
        positions = {label: position for position, label in enumerate(classes.tolist())}
        labels = self.as_labels(labels)
        if None in labels:
            raise InputError(f"row {labels.index(None)} has no label")
        targets = [-1 if (found := find_position(label, positions)) is None else found for label in labels]
        if labels and isinstance(labels[0], str) != isinstance(classes.tolist()[0], str) and max(targets) < 0:
            raise InputError(f"row 0: the label {shorten(labels[0])} has another type than {classes.tolist()[0]!r}")
        return float(np.average(np.equal(targets, predictions), weights=sample_weight))

    def confused_pairs(self, results: Mapping[str, Any], limit: int) -> list[tuple[str, str, int, float]]:
        """Return the largest counts of the confusion matrix outside its diagonal."""
        matrix = np.asarray(results["confusion_matrix"])
        wrong = matrix * (1 - np.eye(len(matrix), dtype=int))
        return most_frequent_pairs(wrong, matrix.sum(axis=1), list(results["per_class"]), limit)

    def notable_examples(
        self, targets: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, limit: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return documents by the probability of the predicted label."""
        confidence, best = probabilities.max(axis=1), self.predict(probabilities)
        return rank_examples(best != targets, confidence, best, confidence, best, limit)
