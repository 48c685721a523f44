"""What ``TextClassifier`` and ``EnsembleClassifier`` have in common: labels, and metrics of labelled documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.bundle_contents import LabelDecisions
from kerascnn.classifier_data import check_labelled_texts
from kerascnn.data.sample_weights import check_sample_weight
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.predictor import Predictor
from kerascnn.tasks import Task
from kerascnn.utils.argument_names import name_arguments


class BundlePredictor(Predictor):
    """A predictor with a bundle in memory.

    Attributes:
        bundle_: Labels, task, thresholds and metrics.
    """

    bundle_: LabelDecisions

    @property
    def task(self) -> Task:
        """The task of the trained classifier: one label per document, or several."""
        return self.bundle_.task

    @property
    def thresholds(self) -> list[float] | None:
        """Lowest probability at which each label is predicted; None if the task has none."""
        return self.bundle_.thresholds

    @name_arguments
    def score(self, texts: Sequence[str], y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, for multi-label classifiers the fraction of documents with all labels right.

        Args:
            texts: Documents.
            y: Labels as for ``TextClassifier.fit``; scikit-learn passes them by this name.
            sample_weight: Weight of each document, (documents,).
        """
        self._check_is_fitted()
        texts, labels = check_labelled_texts(texts, y, "y")
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, len(texts))
        return self.task.score(labels, self._predict_targets(texts), self.classes_, sample_weight)

    @name_arguments
    def evaluate(
        self, texts: Sequence[str], labels: Sequence[Any], *, probabilities: np.ndarray | None = None
    ) -> dict[str, Any]:
        """Return accuracy, macro-F1 and other metrics of labelled documents, see ``kerascnn.tasks``.

        Args:
            texts: Documents.
            labels: As for ``TextClassifier.fit``, each one of ``classes_``.
            probabilities: Result of ``predict_proba`` for the texts; None: compute it.
        """
        self._check_is_fitted()
        texts, labels = check_labelled_texts(texts, labels, "labels")
        targets = self.task.encode(labels, self.classes_)
        if probabilities is None:
            probabilities = self.predict_proba(texts)
        else:
            sums_to_one = self.task.has_exclusive_labels
            names = self.bundle_.labels
            check_probabilities(probabilities, names, len(texts), name="probabilities", sums_to_one=sums_to_one)
            probabilities = np.asarray(probabilities, np.float32)
        return self.bundle_.evaluate(targets, probabilities)

    def _check_is_fitted(self) -> None:
        """Raise ``NotFittedError`` of scikit-learn if there is no bundle yet."""

    def _set_label_types(self, bundle: LabelDecisions, classes: np.ndarray) -> None:
        """Set the labels, and the dtype of the indicator matrix that they are predicted as."""
        self.classes_ = classes
        self._labels_dtype = np.dtype(bundle.indicator_dtype) if bundle.indicator_dtype else None
