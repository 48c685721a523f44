"""What all classifiers have in common, whichever runtime computes their probabilities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.tasks import Task
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError


class Predictor(ABC):
    """Predicts labels by the probabilities that a subclass computes.

    Attributes:
        classes_: Label names, (labels,), in the order of the probabilities.
    """

    classes_: np.ndarray
    _labels_dtype: np.dtype | None = None

    @property
    @abstractmethod
    def task(self) -> Task:
        """The task of the classifier: one label per document, or several."""

    @property
    @abstractmethod
    def thresholds(self) -> list[float] | None:
        """Lowest probability at which each label is predicted; None if the task has none."""

    @abstractmethod
    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (documents, labels), in the order of ``classes_``."""

    @name_arguments
    def predict(self, texts: Sequence[str]) -> Any:
        """Predict the label of each document.

        Returns:
            Array (documents,). For multi-label classifiers a list with the labels of each document that reach their
            threshold, in the order of ``classes_``; after a training with an indicator matrix such a matrix of the same
            dtype.
        """
        predictions = self._predict_targets(texts)
        return self.task.format_predictions(predictions, self.classes_, self._labels_dtype)

    @name_arguments
    def predict_scored(self, texts: Sequence[str]) -> list[list[tuple[Any, float]]]:
        """Return the predicted labels of each document with their probabilities, the most probable first."""
        probabilities = self.predict_proba(texts)
        return self._pair_with_labels(probabilities, self.task.ranked_labels(probabilities, self.thresholds))

    @name_arguments
    def predict_top_k(self, texts: Sequence[str], k: int = 3) -> list[list[tuple[Any, float]]]:
        """Return the k most probable labels of each document with their probabilities, the most probable first.

        Raises:
            InputError: ``k`` is not a whole number of at least 1.
        """
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
            raise InputError(f"k: {shorten(k)} is not a whole number of at least 1")
        probabilities = self.predict_proba(texts)
        positions = np.argsort(-probabilities, axis=1, kind="stable")[:, :k].tolist()
        return self._pair_with_labels(probabilities, positions)

    def _predict_targets(self, texts: Sequence[str]) -> np.ndarray:
        """Return predictions in the form of targets."""
        probabilities = self.predict_proba(texts)
        return self.task.predict(probabilities, self.thresholds)

    def _pair_with_labels(
        self, probabilities: np.ndarray, positions: Sequence[Sequence[int]]
    ) -> list[list[tuple[Any, float]]]:
        """Return the labels at the positions of each document, as Python values, with their probabilities."""
        labels = self.classes_.tolist()
        return [[(labels[i], float(row[i])) for i in best] for row, best in zip(probabilities, positions, strict=True)]
