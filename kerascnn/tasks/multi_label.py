"""Any number of labels per document."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kerascnn.data import records
from kerascnn.data.issues import Issue
from kerascnn.data.records import Row, location
from kerascnn.tasks.base import Feature, Task
from kerascnn.tasks.calibration import MIN_DOCUMENTS, best_threshold, fit_temperature
from kerascnn.tasks.indicator_matrix import is_indicator_matrix, is_one_hot, list_columns, select_columns
from kerascnn.tasks.label_lists import empty_unknown, encode_label_lists, find_labels, is_list_of_lists
from kerascnn.tasks.multi_label_metrics import compute_multi_label_losses, evaluate_multi_label, mean_calibration_gap
from kerascnn.tasks.rankings import rank_examples
from kerascnn.tasks.report_texts import ReportTexts
from kerascnn.tasks.stratification import split_by_labels
from kerascnn.utils.errors import InputError, quote_names

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerascnn.config import TrainingConfig
    from kerascnn.data.config import SourceConfig

MAX_FREQUENT_PAIRS = 10
"""Highest number of pairs of labels in the statistics of an audit."""


class MultiLabel(Task):
    """Any number of labels per document: sigmoids, binary cross-entropy, and a threshold for each label.

    Targets are the indicator matrix, int32 (documents, labels).
    """

    name = records.MULTI_LABEL_TASK
    activation = "sigmoid"
    predicts_list = True
    allows_no_label = True
    unsupported: ClassVar[Mapping[Feature, str]] = {
        "abstention": (
            "the bundle is multi-label: it predicts only labels that reach their own threshold (thresholds in"
            " manifest.json); leave it out"
        ),
        "operating_points": (
            "multi-label, each label has its own threshold, fitted in training (thresholds in manifest.json);"
            " find_threshold is for one label per text"
        ),
        "label_errors": "the data is multi-label; remove the option",
        "mediapipe": (
            "multi-label, but MediaPipe's text classifier has no thresholds; export --format tflite for devices or"
            " --format web for browsers"
        ),
    }
    summary = "Gives a text any number of {} labels"
    metric_titles: ClassVar[Mapping[str, str]] = {
        "accuracy": "all labels right",
        "micro_f1": "micro-F1",
        "macro_f1": "macro-F1",
        "loss": "loss",
        "ece": "calibration error",
    }
    class_columns: ClassVar[Mapping[str, str]] = {**Task.class_columns, "threshold": "threshold"}
    linear_imbalance_remedy = "add rows; each label has a threshold of its own"
    imbalance_remedy = "--training.focal_gamma 2; compare models by --training.monitor macro_f1"
    stratification = "labels (iterative stratification)"
    report_texts = ReportTexts(
        labels="labels, any number per text",
        reliability="how often labels of equal probability apply",
        no_confusion="No label was predicted in place of another.",
        confused_pairs="Labels that are missing, and what was predicted in their place.",
        mistakes="the label that is named last",
        uncertain="a label closest to its threshold",
        names_explained_label=True,
    )

    def accepts(self, labels: Any) -> bool:
        """Return whether labels are lists of labels or an indicator matrix."""
        return is_indicator_matrix(labels) or is_list_of_lists(labels)

    def as_labels(self, labels: Any) -> Any:
        """Convert labels to a list of lists or a dense table."""
        if hasattr(type(labels), "toarray"):
            return labels.toarray()
        return labels if hasattr(labels, "shape") else list(labels)

    def labels_dtype(self, labels: Any) -> np.dtype | None:
        """Return the dtype of an indicator matrix; None for lists of labels."""
        return np.asarray(labels).dtype if is_indicator_matrix(labels) else None

    def find_classes(self, labels: Any, *, has_teacher: bool = False) -> np.ndarray:
        """Return all labels, (labels,): sorted, or the columns of an indicator matrix by name or number.

        Raises:
            InputError: There are fewer than two, or they are of several types.
        """
        if is_indicator_matrix(labels):
            if is_one_hot(labels):
                warnings.warn(
                    "each row of the labels has exactly one 1; they are learned as multi-label data. For one label per"
                    " text give y.argmax(axis=1), or the names of the labels",
                    stacklevel=2,
                )
            return list_columns(labels)
        classes = find_labels(empty_unknown(labels) if has_teacher else labels)
        if all(names is not None and len(names) == 1 for names in labels):
            warnings.warn(
                "each text has a list of exactly one label; they are learned as multi-label data. For one label per"
                " text give the labels without lists",
                stacklevel=2,
            )
        return classes

    def encode(self, labels: Any, classes: np.ndarray, *, has_teacher: bool = False) -> np.ndarray:
        """Return the indicator matrix, int32 (documents, labels); -1 in the row of None with a teacher.

        Args:
            labels: Lists of labels, or an indicator matrix, see ``select_columns``.
            classes: All labels.
            has_teacher: Whether the labels of a document may be unknown, None.

        Raises:
            InputError: A label is unknown, or the matrix has other columns.
        """
        if is_indicator_matrix(labels):
            return select_columns(labels, classes)
        if not has_teacher:
            return encode_label_lists(labels, classes)
        targets = encode_label_lists(empty_unknown(labels), classes)
        targets[[names is None for names in labels]] = -1
        return targets

    def decode(self, targets: np.ndarray, classes: np.ndarray) -> list[tuple[str, ...]]:
        """Return all labels of each document, sorted; none where they are unknown."""
        return [tuple(sorted(str(classes[i]) for i in np.flatnonzero(row > 0))) for row in targets]

    def format_predictions(self, predictions: np.ndarray, classes: np.ndarray, labels_dtype: np.dtype | None) -> Any:
        """Return a list of labels per document, or an indicator matrix if ``fit`` got one."""
        if labels_dtype is not None:
            return predictions.astype(labels_dtype)
        return [classes[row > 0].tolist() for row in predictions]

    def labels_of_rows(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """Return all labels of each row."""
        return [row.labels for row in rows]

    def convert_row(self, row: Row, split: str) -> Row:
        """Return a row without labels as multi-label, and a multi-label row unchanged."""
        if row.task != self.name and row.labels:
            raise InputError(
                f"{location(row)}: this {split} row has one label, {row.label!r}, but the data is multi-label; write a"
                " list, or describe how the labels are written with --label-separator or --label-columns"
            )
        return row._replace(task=self.name)

    def check_training_rows(self, rows: Sequence[Row], source: SourceConfig) -> list[Issue]:
        """Check that the label separator separates labels, and that each label column has a row."""
        if source.label_separator and all(len(row.labels) < 2 for row in rows):
            first = next(row for row in rows if row.labels)
            raise InputError(
                f"no training row has the label separator {source.label_separator!r} between labels (first label:"
                f" {first.labels[0]!r}, {location(first)}); correct --label-separator, or remove it if each row has one"
                " label"
            )
        issues = []
        labels = {label for row in rows for label in row.labels}
        if unused := [name for name in source.label_columns if name not in labels]:
            columns = "label column is" if len(unused) == 1 else "label columns are"
            issues.append(Issue(
                "unused_label", "warning",
                f"{len(unused)} {columns} 0 in all training rows and dropped: {', '.join(map(repr, unused))}",
                len(unused), suggestion="add rows with these labels",
            ))  # fmt: skip
        if all(len(row.labels) == 1 for row in rows):
            form = "a 1 in exactly one label column" if source.label_columns else "a list of exactly one label"
            issues.append(Issue(
                "one_hot_labels", "warning",
                f"each training row has {form}; they are learned as multi-label data",
                len(rows), suggestion="if a text has one label, write its name in one column, see --label-column",
            ))  # fmt: skip
        return issues

    def describe_labels(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the rows with each number of labels, and the most frequent pairs of labels."""
        pairs = Counter(pair for row in rows for pair in itertools.combinations(row.labels, 2))
        return {
            "labels_per_row": dict(sorted(Counter(len(row.labels) for row in rows).items())),
            "label_pairs": [[*pair, count] for pair, count in pairs.most_common(MAX_FREQUENT_PAIRS)],
        }

    def draw_split(self, rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
        """Draw positions by iterative stratification, see ``split_by_labels``."""
        return split_by_labels(rows, fractions, seed)

    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Reject settings that need classes that exclude each other, balanced classes, and a metric of spans."""
        if settings.monitor == "span_f1":
            raise InputError("training.monitor span_f1: it is for tags of tokens; give accuracy, macro_f1 or loss")
        for name, value in (("class_weights", settings.class_weights), ("sampling", settings.sampling)):
            if value == "balanced":
                raise InputError(
                    f"training.{name} balanced needs classes that exclude each other, and this data is multi-label;"
                    " leave it out: each label has a threshold of its own, and training.focal_gamma 2 helps rare ones"
                )

    def encode_class_weight(self, class_weight: Mapping[Any, float], classes: np.ndarray) -> np.ndarray:
        """Reject class weights, which need classes that exclude each other."""
        raise InputError(
            "class_weight needs classes that exclude each other, and this data is multi-label; use sample_weight, or"
            " training.focal_gamma 2, which helps rare labels"
        )

    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return binary cross-entropy, the mean over all labels, or its focal variant (Lin et al. 2017, equation 4)."""
        import keras

        smoothing = {"from_logits": True, "label_smoothing": settings.label_smoothing}
        label_loss = (
            keras.losses.BinaryFocalCrossentropy(gamma=settings.focal_gamma, **smoothing)
            if settings.focal_gamma
            else keras.losses.BinaryCrossentropy(**smoothing)
        )
        if not has_teacher:
            return label_loss
        from kerascnn.training.losses import MultiLabelDistillationLoss

        return MultiLabelDistillationLoss(
            temperature=settings.soft_label_temperature, weight=settings.soft_label_weight, label_loss=label_loss
        )

    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return subset accuracy, and macro-F1 if it is monitored, at 0.5; thresholds are fitted after training."""
        from kerascnn.training.metrics import MultiLabelMacroF1, SubsetAccuracy

        return [SubsetAccuracy(), *([MultiLabelMacroF1(num_labels)] if settings.monitor == "macro_f1" else [])]

    def predict(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> np.ndarray:
        """Return 1 for every label that reaches its threshold, int32 (documents, labels)."""
        return (probabilities >= np.asarray(thresholds, np.float32)).astype(np.int32)

    def ranked_labels(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> list[list[int]]:
        """Return the positions of the labels that reach their threshold, the most probable first."""
        predicted = self.predict(probabilities, thresholds)
        best = np.argsort(-probabilities, axis=1, kind="stable")
        return [[i for i in order if row[i]] for order, row in zip(best.tolist(), predicted, strict=True)]

    def serving_outputs(
        self, probabilities: tf.Tensor, labels: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, tf.Tensor]:
        """Return ``assigned``, whether each label reaches its threshold, bool (batch, labels)."""
        import tensorflow as tf

        return {"assigned": probabilities >= tf.constant(thresholds, tf.float32)}

    def cross_entropy(self, targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Return the sum of the cross-entropies of the labels of each document, (documents,), in nats."""
        return np.asarray(targets.shape[1] * compute_multi_label_losses(targets, probabilities))

    def fit_temperature(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """Return the temperature of the lowest cross-entropy of the sigmoids over all labels of all documents."""
        # a sigmoid is the softmax of its logit and 0
        return fit_temperature(np.stack([np.zeros(logits.size), logits.ravel()], axis=1), targets.ravel())

    def default_thresholds(self, num_labels: int) -> list[float]:
        """Return 0.5 for each label."""
        return [0.5] * num_labels

    def fit_thresholds(self, targets: np.ndarray, probabilities: np.ndarray) -> list[float]:
        """Return the threshold of each label with the highest F1 on held-out documents.

        This is SCut of Yang 2001, A Study on Thresholding Strategies for Text Categorization, section 2; see
        ``calibration.best_threshold``.
        """
        return [best_threshold(*columns) for columns in zip(targets.T, probabilities.T, strict=True)]

    def describe_thresholds(self, results: Mapping[str, Any]) -> str:
        """Return a line with the number of labels with a fitted threshold, and the labels that keep 0.5."""
        counts = {name: values["support"] for name, values in results["per_class"].items()}
        kept = [name for name, count in counts.items() if min(count, results["rows"] - count) < MIN_DOCUMENTS]
        line = f"thresholds with the highest F1 on the validation data for {len(counts) - len(kept)} labels"
        if not kept:
            return line
        names = quote_names(kept)
        return f"{line}; 0.5 for {names}: fewer than {MIN_DOCUMENTS} validation rows have the label, or lack it"

    def calibration_error(self, targets: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean over all labels of the gap between a label's probability and how often it applies, 0 to 1."""
        return mean_calibration_gap(targets, probabilities)

    def evaluate(
        self, targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """Return all metrics of a set of documents.

        Args:
            targets: Indicator matrix, (documents, labels).
            probabilities: Predicted probabilities, float (documents, labels).
            names: Name of each label.
            thresholds: Lowest probability at which each label is predicted, (labels,).

        Returns:
            ``rows``; ``accuracy`` (fraction of the documents whose labels are all right: subset accuracy),
            ``micro_f1``, ``macro_f1`` (0 to 1); ``loss`` (mean binary cross-entropy per label, nats); ``ece`` (see
            ``calibration_error``); ``per_class`` (name to precision, recall, f1, support, threshold); ``confused`` (see
            ``confused_pairs``); ``intervals`` (95 % confidence intervals of accuracy, micro_f1, macro_f1, loss);
            ``reliability`` of all labels together, see ``calibration.bin_by_confidence``; ``curves``, see
            ``curves.compute_curves``.
        """
        predicted = self.predict(probabilities, thresholds)
        return evaluate_multi_label(targets, predicted, probabilities, names=names, thresholds=np.asarray(thresholds))

    def score(
        self, labels: Any, predictions: np.ndarray, classes: np.ndarray, sample_weight: Sequence[float] | None = None
    ) -> float:
        """Return the subset accuracy: the fraction of documents whose labels are all right."""
        is_right = (self.encode(labels, classes) == predictions).all(axis=1)
        return float(np.average(is_right, weights=sample_weight))

    def confused_pairs(self, results: Mapping[str, Any], limit: int) -> list[tuple[str, str, int, float]]:
        """Return the pairs of a label that a document has, and the label that it got instead."""
        return [(true, predicted, rows, part) for true, predicted, rows, part in results["confused"][:limit]]

    def notable_examples(
        self, targets: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, limit: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return documents by the most confidently wrong label, and by the label closest to its threshold."""
        lowest = np.asarray(thresholds)
        error = np.where((probabilities >= lowest) != targets, np.abs(probabilities - targets), 0.0)
        margin = np.abs(probabilities - lowest)
        worst, closest = error.max(axis=1), margin.min(axis=1)
        return rank_examples(worst > 0, worst, error.argmax(axis=1), closest, margin.argmin(axis=1), limit)
