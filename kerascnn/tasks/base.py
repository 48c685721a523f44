"""The interface of a task: everything in which tasks differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from kerascnn.config import TrainingConfig
    from kerascnn.data.records import Label


class Task(ABC):
    """What a classifier predicts for a document, for example one label or any number of labels."""

    name: ClassVar[str]
    """Name in ``manifest.json`` and ``edge.json``."""
    summary: ClassVar[str]
    """One line for the model card; ``{}`` is the number of labels."""
    activation: ClassVar[Literal["softmax", "sigmoid"]]
    """Function of ``tf.nn`` and ``kerascnn.prediction`` from logits to probabilities."""

    def compute_probabilities(self, logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Return probabilities, float32 (documents, labels), of logits divided by a temperature."""
        from kerascnn import prediction

        return getattr(prediction, self.activation)(logits, temperature)

    @abstractmethod
    def accepts(self, labels: Any) -> bool:
        """Whether labels given to ``fit`` have the form of this task."""

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
    def decode(self, targets: np.ndarray, classes: np.ndarray) -> list[Label | None]:
        """Convert targets to labels as in ``Row.label``; None where no label is known."""

    @abstractmethod
    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Raise ``InputError`` for a setting that does not suit this task."""

    @abstractmethod
    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return the loss of targets (with a teacher of ``losses.hard_and_soft``) and logits."""

    @abstractmethod
    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return the metrics of targets and logits that are shown during training."""

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
        """Return the predictions that a SavedModel gives besides the probabilities, by name.

        Args:
            probabilities: float32 tensor (batch, labels).
            labels: All label names.
            thresholds: Lowest probability at which each label is predicted, (labels,); None if the task has none.
        """

    @abstractmethod
    def fit_temperature(self, logits: np.ndarray, targets: np.ndarray) -> float:
        """Return the temperature at which the probabilities fit the targets best."""

    @abstractmethod
    def default_thresholds(self, num_labels: int) -> list[float] | None:
        """Return the thresholds of a classifier that is not calibrated; None if the task has none."""

    @abstractmethod
    def fit_thresholds(self, targets: np.ndarray, probabilities: np.ndarray) -> list[float] | None:
        """Return the best threshold of each label; None if the task has none."""

    @abstractmethod
    def calibration_error(self, targets: np.ndarray, probabilities: np.ndarray) -> float:
        """Return the expected calibration error, 0 to 1."""

    @abstractmethod
    def evaluate(
        self, targets: np.ndarray, probabilities: np.ndarray, names: Sequence[str], thresholds: Sequence[float] | None
    ) -> dict[str, Any]:
        """Return all metrics of a set of documents."""

    @abstractmethod
    def notable_examples(
        self, targets: np.ndarray, probabilities: np.ndarray, thresholds: Sequence[float] | None, count: int
    ) -> dict[str, list[tuple[int, int]]]:
        """Return the most confident ``mistakes`` and the most ``uncertain`` of the other documents.

        Returns:
            For each kind at most ``count`` pairs: position of the document, position of the label it is about.
        """
