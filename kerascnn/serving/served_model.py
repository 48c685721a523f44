"""A bundle that the server answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import tensorflow as tf

from kerascnn.classifier import TextClassifier
from kerascnn.export.saved_model import ServingSignatures
from kerascnn.golden import PROBES
from kerascnn.serving.batching import Batcher
from kerascnn.serving.config import ServingConfig, check_limits
from kerascnn.serving.metrics import ServerMetrics
from kerascnn.tasks import Task


@dataclass(frozen=True)
class ServedModel:
    """A classifier with its name, its batches and the limits of requests."""

    name: str
    classifier: TextClassifier
    config: ServingConfig
    batcher: Batcher
    signatures: ServingSignatures
    """The functions of an exported SavedModel, for documents that are given as ids."""

    @classmethod
    def build(cls, name: str, classifier: TextClassifier, config: ServingConfig, metrics: ServerMetrics) -> ServedModel:
        """Return a model with batches of its own; its functions are compiled before the first request."""
        classifier.predict_proba(PROBES)
        batcher = Batcher(classifier.predict_proba, config, partial(metrics.observe_batch, name))
        return cls(name, classifier, config, batcher, ServingSignatures(classifier.bundle_))

    @property
    def labels(self) -> list[str]:
        """Label names, in the order of the probabilities."""
        return self.classifier.bundle_.labels

    @property
    def task(self) -> Task:
        """The task of the classifier."""
        return self.classifier.bundle_.task

    @property
    def thresholds(self) -> list[float] | None:
        """Lowest probability at which each label is predicted; None if the task has none."""
        return self.classifier.bundle_.thresholds

    async def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return the probabilities of the texts of a request, float32 (texts, labels).

        Raises:
            RequestError: There are more or longer texts than the limits allow, or too many others wait.
        """
        check_limits(self.config, texts, "characters")
        if not texts:
            return np.zeros((0, len(self.labels)), np.float32)
        probabilities: np.ndarray = await self.batcher.predict(list(texts))
        return probabilities

    async def predict_proba_of_ids(self, ids: np.ndarray) -> np.ndarray:
        """Return the probabilities of documents given as padded ids, float32 (documents, labels).

        Args:
            ids: int32 (documents, length), all in the vocabulary.

        Raises:
            RequestError: There are more or longer documents than the limits allow.
        """
        check_limits(self.config, ids, "ids")  # type: ignore[arg-type]
        found: np.ndarray = await self.batcher.run_alone(
            lambda: self.signatures.ids(tf.constant(ids))["probabilities"].numpy()
        )
        return found
