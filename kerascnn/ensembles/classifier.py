"""``EnsembleClassifier``, which answers with several trained classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.bundle_predictor import BundlePredictor
from kerascnn.classifier import TextClassifier
from kerascnn.classifier_data import check_labelled_texts
from kerascnn.ensembles.bundle import EnsembleBundle, check_ensemble, load_ensemble, save_ensemble
from kerascnn.ensembles.weights import equal_weights, fit_weights, to_logits
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.arguments import check_flag, check_path, check_texts, shorten
from kerascnn.utils.errors import InputError


class EnsembleClassifier(BundlePredictor):
    """Trained classifiers with the same labels, which answer together.

    Its logits are the weighted sum of the logarithms of their probabilities, of multi-label classifiers of their
    log-odds (logarithmic opinion pool, Hinton 2002, Training Products of Experts by Minimizing Contrastive Divergence,
    section 1). Classifiers that make different mistakes, such as a pretrained encoder and a character CNN, gain most.

    Example::

        ensemble = EnsembleClassifier([kerascnn.load("saved_models/encoder"), kerascnn.load("saved_models/characters")])
        ensemble.fit_weights(validation_texts, validation_labels)
        ensemble.predict(["the rate was cut"])     # array(['business'])
        ensemble.save("saved_models/both")

    Args:
        classifiers: At least two trained classifiers.
        weights: Weight of each one, 0 or more; None: all the same.

    Attributes:
        classes_: Label names, (labels,), in the order of the probabilities.
        classifiers: The classifiers.
        bundle_: ``labels``, ``task``, ``thresholds``, ``weights`` and ``metrics``.

    Raises:
        InputError: The classifiers have different labels or tasks, or the weights cannot be used.
    """

    bundle_: EnsembleBundle

    def __init__(self, classifiers: Sequence[TextClassifier], weights: Sequence[float] | None = None) -> None:
        self.classifiers = list(classifiers)
        if len(self.classifiers) < 2 or not all(isinstance(one, TextClassifier) for one in self.classifiers):
            raise InputError("classifiers: give two or more trained TextClassifier")
        first, *others = [classifier.bundle_ for classifier in self.classifiers]
        for number, bundle in enumerate(others, 2):
            if bundle.task is not first.task or bundle.labels != first.labels:
                raise InputError(
                    f"classifiers: number {number} ({bundle.config.model}) has other labels than number 1"
                    f" ({first.config.model}): {shorten(bundle.labels)}, and {shorten(first.labels)}"
                )
        if weights is None:
            weights = equal_weights(len(self.classifiers))
        elif len(weights) != len(self.classifiers) or not (min(weights) >= 0 < sum(weights) < np.inf):
            raise InputError(f"weights: give a number of 0 or more for each classifier. Received: {shorten(weights)}")
        self._set_bundle(
            EnsembleBundle(
                task=first.task,
                labels=first.labels,
                thresholds=first.task.default_thresholds(len(first.labels)),
                label_type=first.label_type,
                indicator_dtype=first.indicator_dtype,
                config=first.config,
                weights=[float(weight) for weight in weights],
                data=_find_shared_data([bundle.data for bundle in (first, *others)]),
                scripts=first.scripts,
                languages=first.languages,
            )
        )

    @name_arguments
    def fit_weights(self, texts: Sequence[str], labels: Sequence[Any]) -> EnsembleClassifier:
        """Fit the weights, and thresholds of multi-label classifiers, to documents that no classifier has learned.

        Args:
            texts: Documents.
            labels: As for ``TextClassifier.fit``, each one of ``classes_``.
        """
        texts, labels = check_labelled_texts(texts, labels, "labels")
        return self.fit_weights_to_predictions(self.predict_members(texts), self.task.encode(labels, self.classes_))

    def fit_weights_to_predictions(self, predictions: Sequence[np.ndarray], targets: np.ndarray) -> EnsembleClassifier:
        """Fit as ``fit_weights`` to the result of ``predict_members`` and the encoded targets of the documents."""
        self.bundle_.weights = fit_weights([to_logits(one, self.task) for one in predictions], targets, self.task)
        if self.thresholds is not None:
            self.bundle_.thresholds = self.task.fit_thresholds(targets, self.combine(predictions))
        return self

    @name_arguments
    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (documents, labels), in the order of ``classes_``."""
        return self.combine(self.predict_members(check_texts(texts)))

    def predict_members(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Return the probabilities of each classifier, float32 (documents, labels) each."""
        return [classifier.predict_proba(texts) for classifier in self.classifiers]

    def combine(self, predictions: Sequence[np.ndarray]) -> np.ndarray:
        """Return the probabilities of the ensemble, given the result of ``predict_members``."""
        logits = [to_logits(one, self.task) for one in predictions]
        total = sum(weight * values for weight, values in zip(self.bundle_.weights, logits, strict=True))
        return self.task.compute_probabilities(np.asarray(total)).astype(np.float32)

    @name_arguments
    def save(self, folder: str | Path, *, overwrite: bool = False) -> None:
        """Write a bundle that contains those of the classifiers, see ``saved_models/README.md``.

        Args:
            folder: The folder to create.
            overwrite: Replace an existing bundle.

        Raises:
            InputError: The folder exists and must not be replaced.
        """
        folder, overwrite = check_path("folder", folder), check_flag("overwrite", overwrite)
        save_ensemble(self.bundle_, self.classifiers, folder, self.predict_proba, overwrite=overwrite)

    @classmethod
    @name_arguments
    def load(cls, folder: str | Path) -> EnsembleClassifier:
        """Read an ensemble and check its golden probabilities.

        Raises:
            InputError: It is missing, damaged, newer than this package, or predicts other probabilities.
        """
        folder = check_path("folder", folder)
        bundle, classifiers = load_ensemble(folder)
        ensemble = cls(classifiers, bundle.weights)
        ensemble._set_bundle(bundle)
        check_ensemble(bundle, folder, ensemble.predict_proba)
        return ensemble

    def _set_bundle(self, bundle: EnsembleBundle) -> None:
        self.bundle_ = bundle
        self._set_label_types(bundle, bundle.classes)


def _find_shared_data(data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the splits that all classifiers have, with the same rows."""
    first, *others = data
    return {
        split: facts
        for split, facts in first.items()
        if all(other.get(split, {}).get("sha256") == facts["sha256"] for other in others)
    }
