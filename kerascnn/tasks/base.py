"""The interface of a task: everything in which tasks differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from kerascnn.tasks.calibration import Calibration, sigmoid, softmax
from kerascnn.tasks.report_texts import ReportTexts
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import text_table

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerascnn.config import TrainingConfig
    from kerascnn.data.config import SourceConfig
    from kerascnn.data.issues import Issue
    from kerascnn.data.records import Row

Feature = Literal["abstention", "operating_points", "label_errors", "mediapipe"]
"""Features that not every task supports, see ``Task.unsupported``."""


class Task(ABC):
    """What a classifier predicts for a document, for example one label or any number of labels.

    *Labels* are names, as users write them. *Targets* are encoded labels, as the loss takes them; predictions have the
    same form.
    """

    name: ClassVar[str]
    """Name in ``manifest.json`` and ``edge.json``."""
    activation: ClassVar[Literal["softmax", "sigmoid"]]
    """Function from logits to probabilities, of ``tf.nn`` and of ``kerascnn.tasks.calibration``."""
    predicts_list: ClassVar[bool]
    """Whether a prediction is a list of labels; tables hold the list, or its labels joined by a separator."""
    allows_no_label: ClassVar[bool]
    """Whether a document without any label is a complete example."""
    allows_new_labels: ClassVar[bool] = False
    """Whether validation and test data may have labels that no training row has."""
    unsupported: ClassVar[Mapping[Feature, str]] = {}
    """Features that make no sense for this task: why, and what to do instead."""

    summary: ClassVar[str]
    """One line for the model card; ``{}`` is the number of labels."""
    report_texts: ClassVar[ReportTexts]
    metric_titles: ClassVar[Mapping[str, str]]
    """Key of each overall metric to its title."""
    class_columns: ClassVar[Mapping[str, str]] = {"precision": "precision", "recall": "recall", "f1": "F1"}
    """Key of each metric of a single label to its title."""
    imbalance_remedy: ClassVar[str]
    """Options that help rare labels."""
    linear_imbalance_remedy: ClassVar[str]
    """What helps rare labels in a linear classifier, which is not trained by epochs."""
    stratification: ClassVar[str]
    """Criterion of the stratification by ``draw_split``, for messages; empty: it draws at random."""

    @property
    def has_exclusive_labels(self) -> bool:
        """Whether a document has one label, so that the probabilities of all labels sum to 1."""
        return self.activation == "softmax"

    # From labels to targets and back

    @abstractmethod
    def accepts(self, labels: Any) -> bool:
        """Return whether labels given to ``fit`` have the form of this task."""

    @abstractmethod
    def as_labels(self, labels: Any) -> Any:
        """Convert labels given to ``fit`` to a form with a length that no longer depends on their container."""

    @abstractmethod
    def find_classes(self, labels: Any, *, has_teacher: bool = False) -> np.ndarray:
        """Return all label names, (labels,), of the labels given to ``fit``.

        Args:
            labels: Labels as ``as_labels`` returns them.
            has_teacher: Whether the documents have soft labels too; then a label may be unknown (None).
        """

    @abstractmethod
    def encode(self, labels: Any, classes: np.ndarray, *, has_teacher: bool = False) -> np.ndarray:
        """Convert labels to targets."""

    @abstractmethod
    def decode(self, targets: np.ndarray, classes: np.ndarray) -> list[tuple[str, ...]]:
        """Convert targets to labels as in ``Row.labels``."""

    def format_predictions(self, predictions: np.ndarray, classes: np.ndarray, labels_dtype: np.dtype | None) -> Any:
        """Convert predictions to what ``TextClassifier.predict`` returns.

        Args:
            predictions: As ``predict`` returns them.
            classes: Label names, (labels,).
            labels_dtype: Dtype of the indicator matrix passed to ``fit``; None after other labels.
        """
        return classes[predictions]

    def labels_dtype(self, labels: Any) -> np.dtype | None:
        """Return the dtype of an indicator matrix given to ``fit``; None for other labels."""
        return None

    # Rows of a file

    def texts_of_rows(self, rows: Sequence[Row]) -> list[Any]:
        """Return the texts of rows in the form that ``fit`` takes."""
        return [row.text for row in rows]

    @abstractmethod
    def labels_of_rows(self, rows: Sequence[Row]) -> list[Any]:
        """Return the labels of rows in the form that ``fit`` takes."""

    @abstractmethod
    def convert_row(self, row: Row, split: str) -> Row:
        """Return a row whose labels have the form of this task.

        Args:
            row: A row of any task.
            split: Name of its data, for messages.

        Raises:
            InputError: The labels have the form of another task.
        """

    def prepare_rows(self, rows: list[Row], name: str, issues: list[Issue]) -> list[Row]:
        """Return all rows of some data, each as ``convert_row`` returns it, in the form that ``fit`` takes.

        Args:
            rows: The rows.
            name: Name of the data for messages, such as ``training``.
            issues: Issues are appended here.
        """
        return rows

    def check_training_rows(self, rows: Sequence[Row], source: SourceConfig) -> list[Issue]:
        """Check that labels were read as intended, and return issues of them.

        Raises:
            InputError: An option that describes how labels are written does not match the rows.
        """
        return []

    def distinct_labels(self, row: Row) -> tuple[str, ...]:
        """Return the labels that a row has, each once, for an audit."""
        return row.labels

    def describe_labels(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return statistics of the labels of rows, for an audit."""
        return {}

    @abstractmethod
    def draw_split(self, rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
        """Draw positions of rows to hold out, stratified.

        Args:
            rows: Rows, all different. Each label has a row for each split and one more.
            fractions: Name of each split to its fraction of the rows, above 0.
            seed: Seed of the draw.
        """

    # Training

    @abstractmethod
    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Raise ``InputError`` for a setting that does not suit this task."""

    @abstractmethod
    def encode_class_weight(self, class_weight: Mapping[Any, float], classes: np.ndarray) -> np.ndarray:
        """Return the weight of each label, float32 (labels,), from a dict of labels to weights; 1 for other labels."""

    @abstractmethod
    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return the loss of targets and logits; targets of a teacher are the dict of ``losses.DistillationLoss``."""

    @abstractmethod
    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return the metrics of targets and logits that are shown during training."""

    # From logits to predictions

    def compute_probabilities(self, logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Return probabilities, float32 (documents, labels), of logits divided by a temperature."""
        activation = {"softmax": softmax, "sigmoid": sigmoid}[self.activation]
        return activation(logits, temperature)

    @abstractmethod
    def predict(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> np.ndarray:
        """Return predictions in the form of targets.

        Args:
            probabilities: float (documents, labels).
            thresholds: Lowest probability at which each label is predicted, (labels,); None if the task has none.
        """

    @abstractmethod
    def ranked_labels(self, probabilities: np.ndarray, thresholds: Sequence[float] | None) -> list[list[int]]:
        """Return the positions of the labels predicted for each document, the most probable first."""

    @abstractmethod
    def serving_outputs(
        self, probabilities: tf.Tensor, labels: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, tf.Tensor]:
        """Return what a SavedModel predicts besides probabilities, by name."""

    @abstractmethod
    def cross_entropy(self, targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Return minus the log-probability of all that is known about each document, (documents,), in nats."""

    # Calibration

    def calibrate(self, logits: np.ndarray, targets: np.ndarray, *, fit: bool) -> Calibration:
        """Fit the temperature, and thresholds if the task has them, to held-out documents.

        Args:
            logits: float (documents, labels).
            targets: Their targets.
            fit: Whether to fit; otherwise return the defaults.
        """
        if not fit:
            return Calibration(thresholds=self.default_thresholds(logits.shape[1]))
        temperature = self.fit_temperature(logits, targets)
        return Calibration(
            temperature=temperature,
            thresholds=self.fit_thresholds(targets, self.compute_probabilities(logits, temperature)),
            metrics={"uncalibrated_ece": self.calibration_error(targets, self.compute_probabilities(logits))},
        )

    @abstractmethod
    def fit_temperature(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """Return the temperature at which the probabilities fit the targets best."""

    def default_thresholds(self, num_labels: int) -> list[float] | None:
        """Return the thresholds of a classifier that is not calibrated; None if the task has none."""
        return None

    def fit_thresholds(self, targets: np.ndarray, probabilities: np.ndarray) -> list[float] | None:
        """Return the best threshold of each label; None if the task has none."""
        return None

    def describe_thresholds(self, results: Mapping[str, Any]) -> str:
        """Return a line about the fitted thresholds for the end of a training; empty if there is nothing to say."""
        return ""

    @abstractmethod
    def calibration_error(self, targets: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the expected calibration error, 0 to 1."""

    # Evaluation

    @abstractmethod
    def evaluate(
        self, targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """Return all metrics of a set of documents.

        Args:
            targets: True targets.
            probabilities: Predicted probabilities, float (documents, labels).
            names: Name of each label.
            thresholds: As for ``predict``.
        """

    @abstractmethod
    def score(
        self, labels: Any, predictions: np.ndarray, classes: np.ndarray, sample_weight: Sequence[float] | None = None
    ) -> float:
        """Return the fraction of documents whose prediction is entirely right.

        Args:
            labels: True labels as given to ``fit``.
            predictions: As ``predict`` returns them.
            classes: Label names, (labels,).
            sample_weight: Weight of each document, (documents,).
        """

    @abstractmethod
    def confused_pairs(self, results: Mapping[str, Any], limit: int) -> list[tuple[str, str, int, float]]:
        """Return the most frequently confused pairs of labels, from the result of ``evaluate``.

        Returns:
            True label, predicted label, documents, and their fraction of the documents with the true label.
        """

    @abstractmethod
    def notable_examples(
        self, targets: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, limit: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return the most confident ``mistakes`` and the most ``uncertain`` of the other documents.

        Returns:
            For each kind at most ``limit`` pairs: position of the document, position of the label it is about.
        """

    def format_metrics(self, results: Mapping[str, Any]) -> str:
        """Return the result of ``evaluate`` as lines of text: one line per label, then the overall metrics."""
        rows = [
            (name, *(f"{values[key]:.3f}" for key in self.class_columns), str(values["support"]))
            for name, values in results["per_class"].items()
        ]
        overall = "   ".join(f"{title} {results[key]:.4f}" for key, title in self.metric_titles.items())
        return f"{text_table(('class', *self.class_columns, 'rows'), rows)}\n\n{overall}   rows {results['rows']}"

    def require(self, feature: Feature, place: str) -> None:
        """Check that this task supports a feature.

        Args:
            feature: Name of the feature.
            place: Option, file or folder that needs it, the beginning of the message.

        Raises:
            InputError: It does not; the message says why and what to do instead.
        """
        if reason := self.unsupported.get(feature):
            raise InputError(f"{place}: {reason}")
