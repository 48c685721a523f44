"""A linear classifier as a whole model: tf-idf of n-grams and a linear support vector machine, solved at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerascnn.config import Config
from kerascnn.layers import TfidfLinear, WeightedSum
from kerascnn.linear.member import VECTORS, adapt_features
from kerascnn.linear.regularization import Choice, Examples, choose
from kerascnn.linear.soft_labels import weighted_rows
from kerascnn.models import BuiltModel, LayerRoles
from kerascnn.tasks import Task
from kerascnn.text.word_vectors import WordVectors
from kerascnn.training.fit import EncodedDataset
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log

UNUSED_SETTINGS = (
    "epochs", "batch_size", "optimizer", "learning_rate", "schedule", "warmup_ratio", "weight_decay", "global_clipnorm",
    "label_smoothing", "focal_gamma", "soft_label_temperature", "monitor", "patience", "dtype_policy",
)  # fmt: skip
"""Settings of ``TrainingConfig`` without effect: nothing is trained by epochs, and the layers compute in float32."""
UNUSED_NETWORK_SETTINGS = ("ngram_buckets", "ngram_dim", "start_token", "dropout", "word_dropout")
"""Settings of the learned bag."""


@dataclass(frozen=True)
class LinearClassifier:
    """A solved linear classifier."""

    built: BuiltModel
    """Functional model: ids, int32 (batch, length) -> scores, float32 (batch, classes)."""
    validation_scores: np.ndarray
    """Scores of the validation documents, float (documents, classes)."""
    choice: Choice
    """Features and regularization."""
    features: int
    """Number of features that have coefficients: n-grams, and the numbers of a word vector."""
    seconds: float
    """Time of the features and the solver."""

    def metrics(self, num_documents: int) -> dict[str, Any]:
        """Return the entries of ``metrics.json``.

        Args:
            num_documents: Number of training documents.
        """
        return {
            "epochs": 0,
            "seconds": round(self.seconds, 2),
            "documents_per_second": round(num_documents / max(self.seconds, 1e-9), 1),
            "linear_classifier": {
                "cost": self.choice.cost,
                "features": self.features,
                "vectors": any(layer.name == VECTORS for layer in self.built.model.layers),
            },
        }


def solve_classifier(
    config: Config[Any],
    vocabulary: Sequence[str],
    train: EncodedDataset,
    validation: EncodedDataset,
    task: Task,
    *,
    num_classes: int,
    class_weight: np.ndarray | None = None,
    choice: Choice | None = None,
    vectors: WordVectors | None = None,
) -> LinearClassifier:
    """Solve for a linear classifier; nothing is random.

    Args:
        config: The run; ``config.network`` has ``linear_ngrams`` and ``linear_characters``.
        vocabulary: Tokens by id.
        train: Training documents; a document with soft labels becomes a row for each class, see ``weighted_rows``.
        validation: Validation documents, which choose the regularization.
        task: Task of the classifier.
        num_classes: Number of classes.
        class_weight: Weight of each class, float32 (classes,); None: all 1.
        choice: Features and regularization; None: those that are best for new documents.
        vectors: Pretrained word vectors for the vocabulary; None: none.

    Raises:
        InputError: No document has a weight above 0.
    """
    start = time.perf_counter()
    rows = weighted_rows(train, config.training, class_weight)
    if not len(rows.documents):
        raise InputError("all training documents have the weight 0; give at least one of them a weight")
    ids = train.ragged_ids
    features = adapt_features(config, vocabulary, ids, num_classes, vectors)
    known = Examples(features.transform(ids)[rows.documents], rows.targets, rows.weights, features.num_counts)
    known = known.normalize_weights(len(np.unique(rows.documents)))
    held_out = Examples(features.transform(validation.ragged_ids), validation.targets)
    if choice is None:
        choice = choose(
            known, held_out, task, num_classes=num_classes, column_counts=features.column_counts,
            has_copies=train.soft_labels is not None,
        )  # fmt: skip
    columns = features.count_columns(choice)
    coefficients, bias = known.solve(num_classes, columns, choice.cost)
    scores = held_out.features[:, :columns] @ coefficients + bias
    built = build_classifier(features.build_layers(coefficients, bias), name=config.model)
    return LinearClassifier(built, scores, choice, columns, time.perf_counter() - start)


def build_classifier(layers: Sequence[TfidfLinear], *, name: str) -> BuiltModel:
    """Return a model whose logits are the sum of the layers' scores."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    scores = [layer(ids) for layer in layers]
    logits = WeightedSum([1.0] * len(scores), name="logits")(scores) if len(scores) > 1 else scores[0]
    return BuiltModel(keras.Model(ids, logits, name=name), LayerRoles())


def check_arguments(
    config: Config[Any], optimizer: keras.optimizers.Optimizer | None, callbacks: Sequence[keras.callbacks.Callback]
) -> None:
    """Reject objects that only a training by epochs would use.

    Raises:
        InputError: The model is a linear classifier, and there is an optimizer object or a callback.
    """
    for name, is_given in (("optimizer", optimizer is not None), ("callbacks", bool(callbacks))):
        if config.network.is_linear and is_given:
            raise InputError(
                f"{name}: {config.model} is solved, not trained by epochs, and would not use it; leave it out, or give"
                " ngrams=(1, 2) to train a bag of n-gram vectors"
            )


def log_unused_settings(config: Config[Any]) -> None:
    """Print which settings have no effect on a linear classifier, if they were changed."""
    unused = (
        ("training", config.training, UNUSED_SETTINGS),
        ("network", config.network, UNUSED_NETWORK_SETTINGS),
        ("transfer", config.transfer, ("layerwise_lr_decay", "vectors_stddev")),
    )
    names = [f"{group}.{name}" for group, values, fields in unused for name in values.list_changed(fields)]
    if names:
        log(f"{config.model} is solved, not trained by epochs; without effect: {', '.join(names)}")
    if config.transfer.init_from:
        log(f"{config.transfer.init_from}: the model has its vocabulary; the coefficients are solved anew")
