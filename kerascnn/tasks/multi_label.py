"""Any number of labels per document.

An indicator matrix is a table (documents, labels) of two columns or more, as in scikit-learn, that holds 1 where a
label applies and 0 elsewhere: an array, a sparse matrix, a data frame whose columns are the labels, a list of lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.utils.multiclass import is_multilabel

from kerascnn.tasks.base import Task
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerascnn.config import TrainingConfig
    from kerascnn.data.records import Label

COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)


class MultiLabel(Task):
    """Any number of labels per document: sigmoids, binary cross-entropy, and a threshold for each label.

    Targets are the indicator matrix, int32 (documents, labels).
    """

    name = "multi_label"
    summary = "Gives a text any number of {} labels"
    activation = "sigmoid"

    def accepts(self, labels: Any) -> bool:
        """Whether labels are lists of labels or an indicator matrix."""
        return is_indicator_matrix(labels) or _is_list_of_lists(labels)

    def as_labels(self, labels: Any) -> Any:
        """Convert labels to a list of lists or a dense table."""
        if hasattr(labels, "toarray"):
            return labels.toarray()
        return labels if hasattr(labels, "shape") else list(labels)

    def find_classes(self, labels: Any, *, has_teacher: bool = False) -> np.ndarray:
        """Return all labels, (labels,): sorted, or the columns of an indicator matrix by name or number.

        Raises:
            InputError: There are fewer than two.
        """
        if is_indicator_matrix(labels):
            return np.asarray(getattr(labels, "columns", np.arange(_as_matrix(labels).shape[1])))
        found = {label for row, names in enumerate(labels) for label in _check_labels(names, row)}
        kinds = {type(label).__name__ for label in found}
        if len(kinds) > 1:
            raise InputError(f"labels are of several types, {', '.join(sorted(kinds))}; give strings, or whole numbers")
        if len(found) < 2:
            raise InputError(f"a classifier needs two labels or more. Received: {sorted(found)}")
        return np.asarray(sorted(found))

    def encode(self, labels: Any, classes: np.ndarray, *, has_teacher: bool = False) -> np.ndarray:
        """Return the indicator matrix, int32 (documents, labels).

        Args:
            labels: Lists of labels, or an indicator matrix with the columns ``classes``; a data frame may have its
                columns in any order.
            classes: All labels.
            has_teacher: Not used.

        Raises:
            InputError: A label is unknown, or the matrix has other columns.
        """
        if is_indicator_matrix(labels):
            return _select_columns(labels, classes)
        positions = {label: position for position, label in enumerate(classes.tolist())}
        matrix = np.zeros((len(labels), len(classes)), np.int32)
        for row, names in enumerate(labels):
            for label in _check_labels(names, row):
                if label not in positions:
                    raise InputError(
                        f"row {row}: the label {label!r} was not seen in training; known are {list(positions)}"
                    )
                matrix[row, positions[label]] = 1
        return matrix

    def decode(self, targets: np.ndarray, classes: np.ndarray) -> list[Label | None]:
        """Return all labels of each document, sorted."""
        return [tuple(sorted(str(classes[i]) for i in np.flatnonzero(row))) for row in targets]

    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Reject what needs classes that exclude each other: balanced classes and a teacher."""
        if has_teacher:
            raise InputError("multi-label data, and a teacher answers with one label a text; train without a teacher")
        for name, value in (("class_weights", settings.class_weights), ("sampling", settings.sampling)):
            if value == "balanced":
                raise InputError(
                    f"training.{name} balanced evens out classes that exclude each other, and this data is multi-label;"
                    " leave it out: each label has a threshold of its own, and training.focal_gamma 2 helps rare ones"
                )

    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return binary cross-entropy, the mean over all labels, or its focal variant (Lin et al. 2017, equation 4)."""
        import keras

        smoothing = {"from_logits": True, "label_smoothing": settings.label_smoothing}
        if settings.focal_gamma:
            return keras.losses.BinaryFocalCrossentropy(gamma=settings.focal_gamma, **smoothing)
        return keras.losses.BinaryCrossentropy(**smoothing)

    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return subset accuracy, and macro-F1 if it is monitored, at 0.5; thresholds are fitted after training."""
        from kerascnn.training.losses import MacroF1OfLabels, SubsetAccuracy

        return [SubsetAccuracy(), *([MacroF1OfLabels()] if settings.monitor == "macro_f1" else [])]

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
        """Return `assigned`, bool (batch, labels): whether each label reaches its threshold."""
        import tensorflow as tf

        return {"assigned": probabilities >= tf.constant(thresholds, tf.float32)}

    def fit_temperature(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """Return the temperature of the lowest cross-entropy of the sigmoids over all labels of all documents."""
        from kerascnn.evaluation.calibration import fit_temperature

        # a sigmoid is the softmax of its logit and 0
        return fit_temperature(np.stack([np.zeros(logits.size), logits.ravel()], axis=1), targets.ravel())

    def default_thresholds(self, num_labels: int) -> list[float]:
        """Return 0.5 for each label."""
        return [0.5] * num_labels

    def fit_thresholds(self, targets: np.ndarray, probabilities: np.ndarray) -> list[float]:
        """Return the thresholds of the highest F1."""
        from kerascnn.evaluation.multi_label_metrics import best_thresholds

        return best_thresholds(targets, probabilities)

    def calibration_error(self, targets: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the mean expected calibration error of the labels, 0 to 1."""
        from kerascnn.evaluation.multi_label_metrics import expected_calibration_error

        return expected_calibration_error(targets, probabilities)

    def evaluate(
        self, targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """Return all metrics, see ``kerascnn.evaluation.multi_label_metrics.evaluate``."""
        from kerascnn.evaluation.multi_label_metrics import evaluate

        return evaluate(targets, probabilities, names, np.asarray(thresholds))

    def notable_examples(
        self, targets: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, count: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return documents by the most confidently wrong label, and by the label nearest to its threshold."""
        from kerascnn.evaluation.multi_label_metrics import notable_examples

        return notable_examples(targets, probabilities, np.asarray(thresholds), count)


def is_indicator_matrix(labels: Any) -> bool:
    """Whether labels are an indicator matrix."""
    try:
        return is_multilabel(labels) and bool(np.isin(_as_matrix(labels), (0, 1)).all())
    except (ValueError, TypeError):  # lists of different lengths
        return False


def _select_columns(labels: Any, classes: np.ndarray) -> np.ndarray:
    """Return an indicator matrix with its columns in the order of the classes, int32 (documents, labels)."""
    matrix = _as_matrix(labels).astype(np.int32)
    if matrix.shape[1] != len(classes):
        raise InputError(
            f"an indicator matrix of {matrix.shape[1]} columns for the {len(classes)} labels {classes.tolist()};"
            " give a column for each, in this order"
        )
    if not hasattr(labels, "columns"):
        return matrix
    order = {str(name): position for position, name in enumerate(labels.columns)}
    if unknown := [name for name in map(str, classes) if name not in order]:
        raise InputError(f"the labels have no column {unknown[0]!r}; there are {list(order)}")
    return matrix[:, [order[name] for name in map(str, classes)]]


def _check_labels(names: Any, row: int) -> list[Any]:
    """Return the labels of one document as Python strings and numbers."""
    if not isinstance(names, COLLECTIONS):
        raise InputError(
            f"row {row}: {names!r} where the labels of a document are a list; write [{names!r}], or [] for none"
        )
    found = [name.item() if isinstance(name, np.generic) else name for name in names]
    for name in found:
        if not isinstance(name, str | int):
            raise InputError(f"row {row}: the label {name!r} is neither a string nor a whole number")
    return found


def _is_list_of_lists(labels: Any) -> bool:
    """Whether any document has a list of labels; ``_check_labels`` rejects the documents that have none."""
    if isinstance(labels, str | bytes) or getattr(labels, "ndim", 1) != 1 or not hasattr(labels, "__iter__"):
        return False
    return any(isinstance(names, COLLECTIONS) for names in labels)


def _as_matrix(labels: Any) -> np.ndarray:
    return labels.toarray() if sparse.issparse(labels) else np.asarray(labels)
