"""Solve the last layer of a model, a logistic regression on the vectors of texts, instead of training it by epochs."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.linear.regularization import MAX_CROSS_VALIDATED, Examples, choose, cross_validated_scores
from kerascnn.models import BuiltModel
from kerascnn.prediction import make_predict_function
from kerascnn.tasks import Task
from kerascnn.training.fit import EncodedDataset
from kerascnn.utils.errors import InputError

COST_SCALE = 10.0
"""Regularization ``LogisticRegression(C=...)`` of vectors with a variance of 1, for a cost of 1. The costs that are
compared, 0.1 to 10, are then those that suit sentence vectors."""
TUNED_COST = 0.1
"""Cost after contrastive training: it has moved the vectors of each class together, and held-out ones among them would
say nothing about new texts."""


@dataclass(frozen=True)
class SolvedHead:
    """Weights of the last layer of a model."""

    coefficients: np.ndarray
    """float32 (features, classes)."""
    bias: np.ndarray
    """float32 (classes,)."""
    cost: float
    """Inverse strength of the regularization."""
    seconds: float
    """Time of the features and the solver."""
    held_out_logits: np.ndarray | None = None
    """Logits of the training documents that have a label and a weight, each by a head that was solved without the
    document, (documents, classes); None: the regularization was not cross-validated."""

    def metrics(self) -> dict[str, Any]:
        """Return what ``metrics.json`` stores about the head."""
        return {"cost": self.cost, "seconds": round(self.seconds, 2)}


@dataclass(frozen=True)
class VectorExamples(Examples):
    """Dense vectors of documents, on which logistic regressions are solved."""

    def solve(self, num_classes: int, columns: int, cost: float) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients and bias, see ``solve_logistic_regression``."""
        return solve_logistic_regression(
            self.features[:, :columns], self.targets, num_classes, cost=COST_SCALE * cost, weights=self.weights
        )


def solve_head(
    built: BuiltModel,
    train: EncodedDataset,
    validation: EncodedDataset | None,
    task: Task,
    *,
    weights: np.ndarray | None = None,
    cost: float | None = None,
) -> SolvedHead:
    """Solve for the last layer of a model, and set its weights; nothing is random.

    Args:
        built: Model whose last layer is a ``Dense`` layer.
        train: Training documents; those without a label, and with the weight 0, are left out.
        validation: Validation documents, which choose the regularization if there are many training documents; it is
            cross-validated otherwise.
        task: Task of the classifier.
        weights: How much each training document counts, (documents,); None: all the same.
        cost: Inverse strength of the regularization; None: the one that is best for new documents.

    Raises:
        InputError: No document has a label and a weight above 0.
    """
    start = time.perf_counter()
    layer, encode = built.head[-1], make_predict_function(built.encoder())
    vectors = encode(train.ids)
    scale = float(np.sqrt(np.var(vectors, axis=0, dtype=np.float64).sum())) or 1.0
    is_known = np.all((train.targets >= 0).reshape(len(train.targets), -1), axis=1)
    if weights is not None:
        is_known &= weights > 0
    if not is_known.any():
        raise InputError("no training document has a label and a weight above 0; give at least one of them both")
    examples = VectorExamples(vectors / scale, train.targets, weights).select(is_known)
    examples = examples.normalize_weights(is_known.sum())
    num_classes, columns, held_out_logits = layer.output.shape[-1], vectors.shape[1], None
    if cost is None:
        held_out = Examples(np.zeros((0, columns)), train.targets[:0])
        if validation is not None:
            held_out = Examples(encode(validation.ids) / scale, validation.targets)
        cost = choose(examples, held_out, task, num_classes=num_classes, column_counts={"vectors": columns}).cost
        if len(examples) <= MAX_CROSS_VALIDATED:
            held_out_logits = cross_validated_scores(examples, num_classes, columns, cost)
    coefficients, bias = examples.solve(num_classes, columns, cost)
    head = SolvedHead(
        (coefficients / scale).astype(np.float32), bias.astype(np.float32), cost, time.perf_counter() - start,
        held_out_logits,
    )  # fmt: skip
    layer.set_weights([head.coefficients, head.bias])
    return head


def solve_logistic_regression(
    vectors: np.ndarray, targets: np.ndarray, num_classes: int, *, cost: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients, (columns, classes), and bias, (classes,), of a logistic regression.

    It is multinomial for one label per document, and one regression per label in multi-label data. A class without
    documents has the coefficients 0, and a bias below all logits.

    Args:
        vectors: (documents, columns).
        targets: Classes, int (documents,), or an indicator matrix, (documents, classes).
        num_classes: Number of classes.
        cost: Inverse strength of the regularization, ``LogisticRegression(C=...)``.
        weights: How much each document counts, (documents,); None: all the same.
    """
    if targets.ndim == 2:
        solved = [_solve_binary(vectors, column.astype(bool), cost, weights) for column in targets.T]
        return np.stack([coefficients for coefficients, _ in solved], axis=1), np.array([bias for _, bias in solved])
    classes = np.unique(targets)
    coefficients, bias = np.zeros((vectors.shape[1], num_classes)), np.zeros(num_classes)
    if len(classes) == 2:
        coefficient, intercept = _solve_binary(vectors, targets == classes[1], cost, weights)
        coefficients[:, classes] = np.stack([-coefficient, coefficient], axis=1) / 2
        bias[classes] = -intercept / 2, intercept / 2
    elif len(classes) > 2:
        model = _fit(vectors, targets, cost, weights)
        coefficients[:, classes], bias[classes] = model.coef_.T, model.intercept_
    missing = np.setdiff1d(np.arange(num_classes), classes)
    lowest = (vectors @ coefficients[:, classes] + bias[classes]).min()
    bias[missing] = lowest - np.log(2.0 * len(targets))
    return coefficients, bias


def _solve_binary(
    vectors: np.ndarray, applies: np.ndarray, cost: float, weights: np.ndarray | None
) -> tuple[np.ndarray, float]:
    if applies.all() or not applies.any():
        odds = np.log(2.0 * len(applies) + 1)
        return np.zeros(vectors.shape[1]), float(odds if applies.any() else -odds)
    model = _fit(vectors, applies, cost, weights)
    return model.coef_[0], float(model.intercept_[0])


def _fit(vectors: np.ndarray, targets: np.ndarray, cost: float, weights: np.ndarray | None) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression  # deferred: import of the package stays fast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an almost converged solution predicts the same
        return LogisticRegression(C=cost, max_iter=300).fit(vectors, targets, sample_weight=weights)
