"""Fit the linear member and add it to a network."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy import sparse

from kerascnn.config import Config
from kerascnn.data.batches import RaggedIds
from kerascnn.layers import TfidfLinear, WeightedSum
from kerascnn.linear.character_features import CharacterFeatures
from kerascnn.linear.ngram_features import NGramFeatures
from kerascnn.linear.regularization import Choice, Examples, choose
from kerascnn.linear.stacking import fit_weight
from kerascnn.models import BuiltModel
from kerascnn.tasks import Task


@dataclass(frozen=True)
class LinearMember:
    """A solved linear classifier and its weight beside the network."""

    layers: tuple[TfidfLinear, ...]
    """Layers from ids to scores; the scores of the member are their sum."""
    weight: float
    """Factor of its scores; the factor of the network's logits is 1."""
    choice: Choice
    """Features and regularization."""
    seconds: float
    """Time of the solver."""
    validation_scores: np.ndarray
    """Scores of the validation documents, float (documents, classes)."""

    def metrics(self) -> dict[str, Any]:
        """Return what ``metrics.json`` stores about the member."""
        return {"cost": self.choice.cost, "weight": round(self.weight, 4), "seconds": round(self.seconds, 2)}


class Features:
    """Features of documents: n-grams of tokens, and characters inside words if there are any.

    Args:
        ids: Training documents.
        vocabulary: Tokens by id.
        num_classes: Number of classes, which limits the size of the tables.
        ngrams: Lengths of the n-grams of tokens.
        characters: Lengths of the n-grams of characters inside words; empty: none.
    """

    def __init__(
        self,
        ids: RaggedIds,
        vocabulary: Sequence[str],
        *,
        num_classes: int,
        ngrams: tuple[int, ...],
        characters: tuple[int, ...] = (),
    ) -> None:
        self.ngrams = NGramFeatures.adapt(ids, sizes=ngrams, vocabulary_size=len(vocabulary), num_classes=num_classes)
        self.characters = CharacterFeatures.adapt(ids, vocabulary, sizes=characters) if characters else None

    def transform(self, ids: RaggedIds) -> sparse.csr_matrix:
        """Return the features, float64 (documents, columns)."""
        if self.characters is None:
            return self.ngrams.transform(ids)
        return sparse.hstack([self.ngrams.transform(ids), self.characters.transform(ids)], format="csr")

    @property
    def column_counts(self) -> list[int]:
        """Number of columns without and with characters: both are solved, as characters do not always help."""
        without = len(self.ngrams.columns)
        return [without] if self.characters is None else [without, without + self.characters.words.shape[1]]

    def count_columns(self, choice: Choice) -> int:
        """Return the number of columns of a choice; those of characters are left out if there are none."""
        return self.column_counts[min(choice.option, len(self.column_counts) - 1)]

    def build_layers(self, coefficients: np.ndarray, bias: np.ndarray) -> tuple[TfidfLinear, ...]:
        """Return layers, the sum of which is ``transform(ids) @ coefficients + bias``.

        Args:
            coefficients: (columns, classes); without those of characters, there is no layer for them.
            bias: (classes,).
        """
        of_ngrams, of_characters = np.split(coefficients, [len(self.ngrams.columns)])
        layers = (self.ngrams.build_layer(of_ngrams, bias, name="linear_ngrams"),)
        if self.characters is None or not len(of_characters):
            return layers
        return (*layers, self.characters.build_layer(of_characters, name="linear_characters"))


def adapt_features(config: Config[Any], vocabulary: Sequence[str], ids: RaggedIds, num_classes: int) -> Features:
    """Return the features of a run, adapted to its training documents.

    Args:
        config: The run; ``config.network`` has ``linear_ngrams``.
        vocabulary: Tokens by id.
        ids: Training documents.
        num_classes: Number of classes.
    """
    has_words = config.text.level == "word" and config.text.split not in ("wordpiece", "sentencepiece")
    characters = getattr(config.network, "linear_characters", ()) if has_words else ()
    return Features(
        ids, vocabulary, num_classes=num_classes, ngrams=config.network.linear_ngrams, characters=characters
    )


def fit_linear_member(
    features: Features,
    train: RaggedIds,
    targets: np.ndarray,
    validation: RaggedIds,
    validation_targets: np.ndarray,
    validation_logits: np.ndarray,
    task: Task,
    *,
    weights: np.ndarray | None = None,
) -> LinearMember | None:
    """Solve for the member and fit its weight beside the network; nothing is random.

    Args:
        features: Features, adapted to the training documents.
        train: Training documents.
        targets: Their targets; documents with the target -1 (soft labels only) are left out.
        validation: Validation documents, which choose the regularization and the weight.
        validation_targets: Their targets.
        validation_logits: Logits of the trained network, (documents, classes).
        task: Task of the classifier.
        weights: How much each training document counts, (documents,); None: all the same.

    Returns:
        The member, or None if it does not help: its weight would be 0, or no document has a label.
    """
    start = time.perf_counter()
    known = _select_labelled(features.transform(train), targets, weights)
    if not len(known):
        return None
    num_classes = validation_logits.shape[1]
    held_out = Examples(features.transform(validation), validation_targets)
    choice = choose(known, held_out, task, num_classes=num_classes, column_counts=features.column_counts)
    coefficients, bias = known.solve(num_classes, features.count_columns(choice), choice.cost)
    scores = held_out.features[:, : len(coefficients)] @ coefficients + bias
    weight = fit_weight(validation_logits, scores, validation_targets, task, temperature=choice.temperature)
    if not weight:
        return None
    layers = features.build_layers(coefficients, bias)
    return LinearMember(layers, weight, choice, time.perf_counter() - start, scores)


def refit_linear_member(
    member: LinearMember, features: Features, train: RaggedIds, targets: np.ndarray, *, weights: np.ndarray | None
) -> LinearMember:
    """Return the member solved with more documents, with the same weight, features and regularization.

    Args:
        member: The member.
        features: Features, adapted to the documents.
        train: All documents to learn from.
        targets: Their targets.
        weights: How much each document counts, (documents,); None: all the same.
    """
    known = _select_labelled(features.transform(train), targets, weights)
    num_classes = member.validation_scores.shape[1]
    coefficients, bias = known.solve(num_classes, features.count_columns(member.choice), member.choice.cost)
    layers = features.build_layers(coefficients, bias)
    return dataclasses.replace(member, layers=layers)


def _select_labelled(features: sparse.csr_matrix, targets: np.ndarray, weights: np.ndarray | None) -> Examples:
    """Return the documents that have a label and a weight above 0."""
    has_label = np.all((targets >= 0).reshape(len(targets), -1), axis=1)
    if weights is not None:
        has_label = has_label & (weights > 0)
    return Examples(features, targets, weights).select(has_label).normalize_weights(has_label.sum())


def add_member(built: BuiltModel, member: LinearMember) -> BuiltModel:
    """Return a model whose logits are the sum of the network's and the member's; they share their layers."""
    [ids] = built.model.inputs
    scores = [layer(ids) for layer in member.layers]
    factors = [1.0, *[member.weight] * len(scores)]
    logits = WeightedSum(factors, name="ensemble")([built.model.output, *scores])
    model: keras.Model = type(built.model)(ids, logits, name=built.model.name)
    return BuiltModel(model, built.roles, built.sequence_outputs)
