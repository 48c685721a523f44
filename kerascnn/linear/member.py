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
from kerascnn.data.ragged import RaggedIds
from kerascnn.layers import TfidfLinear, WeightedSum
from kerascnn.linear.character_features import adapt_character_features
from kerascnn.linear.ngram_features import NGramFeatures
from kerascnn.linear.regularization import Choice, Examples, choose, cross_validated_scores
from kerascnn.linear.stacking import USUAL_WEIGHT, fit_weight
from kerascnn.linear.vector_features import adapt_vector_features
from kerascnn.linear.word_features import WordFeatures
from kerascnn.models import BuiltModel
from kerascnn.tasks import Task
from kerascnn.text.word_vectors import WordVectors

NGRAMS = "linear_ngrams"
CHARACTERS = "linear_characters"
VECTORS = "linear_vectors"
"""Names of the layers: n-grams of tokens, characters inside words, word vectors."""
LAYERS = (NGRAMS, CHARACTERS, VECTORS)
"""All layers in the order of their columns."""


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
        return {
            "cost": self.choice.cost,
            "weight": round(self.weight, 4),
            "vectors": any(layer.name == VECTORS for layer in self.layers),
            "seconds": round(self.seconds, 2),
        }


class Features:
    """Features of documents: n-grams of tokens, and if there are any, characters inside words and word vectors.

    Args:
        ids: Training documents.
        vocabulary: Tokens by id.
        num_classes: Number of classes, which limits the size of the tables.
        ngrams: Lengths of the n-grams of tokens.
        characters: Lengths of the n-grams of characters inside words; empty: none.
        vectors: Pretrained word vectors for the vocabulary; None: none.
    """

    def __init__(
        self,
        ids: RaggedIds,
        vocabulary: Sequence[str],
        *,
        num_classes: int,
        ngrams: tuple[int, ...],
        characters: tuple[int, ...] = (),
        vectors: WordVectors | None = None,
    ) -> None:
        size = len(vocabulary)
        self.ngrams = NGramFeatures.adapt(ids, sizes=ngrams, vocabulary_size=size, num_classes=num_classes)
        self.words: dict[str, WordFeatures] = {}
        """Features of words by the name of their layer, in the order of their columns."""
        if characters and (adapted := adapt_character_features(ids, vocabulary, sizes=characters)):
            self.words[CHARACTERS] = adapted
        if vectors and (adapted := adapt_vector_features(ids, vectors, vocabulary_size=size)):
            self.words[VECTORS] = adapted

    def transform(self, ids: RaggedIds) -> sparse.csr_matrix:
        """Return the features, float64 (documents, columns)."""
        if not self.words:
            return self.ngrams.transform(ids)
        parts = [self.ngrams.transform(ids), *(words.transform(ids) for words in self.words.values())]
        return sparse.hstack(parts, format="csr")

    @property
    def column_counts(self) -> dict[str, int]:
        """Numbers of columns that are solved for and compared, as characters and vectors do not always help.

        The name is that of the layer with the last of these columns.
        """
        parts = [len(self.ngrams.columns), *(words.words.shape[1] for words in self.words.values())]
        return {name: int(end) for name, end in zip((NGRAMS, *self.words), np.cumsum(parts), strict=True)}

    @property
    def num_counts(self) -> int:
        """Number of the first columns that are frequencies, 0 or more; the others are vectors."""
        counts = list(self.column_counts.values())
        return counts[-2] if VECTORS in self.words else counts[-1]

    def count_columns(self, choice: Choice) -> int:
        """Return the number of columns of a choice, also of one for other documents that had other layers."""
        chosen = LAYERS[: LAYERS.index(choice.option) + 1]
        return max(count for name, count in self.column_counts.items() if name in chosen)

    def build_layers(self, coefficients: np.ndarray, bias: np.ndarray) -> tuple[TfidfLinear, ...]:
        """Return layers, the sum of which is ``transform(ids) @ coefficients + bias``.

        Args:
            coefficients: (columns, classes); without those of characters or vectors, there is no layer for them.
            bias: (classes,).
        """
        ends = [end for end in self.column_counts.values() if end < len(coefficients)]
        of_ngrams, *of_words = np.split(coefficients, ends)
        return (
            self.ngrams.build_layer(of_ngrams, bias, name=NGRAMS),
            *(
                words.build_layer(part, name=name)
                for (name, words), part in zip(self.words.items(), of_words, strict=False)
            ),
        )


def adapt_features(
    config: Config[Any],
    vocabulary: Sequence[str],
    ids: RaggedIds,
    num_classes: int,
    vectors: WordVectors | None = None,
) -> Features:
    """Return the features of a run, adapted to its training documents.

    Args:
        config: The run; ``config.network`` has ``linear_ngrams``.
        vocabulary: Tokens by id.
        ids: Training documents.
        num_classes: Number of classes.
        vectors: Pretrained word vectors for the vocabulary, which are used unless ``linear_vectors`` is off.
    """
    has_words = config.text.level == "word" and config.text.split not in ("wordpiece", "sentencepiece")
    characters = getattr(config.network, "linear_characters", ()) if has_words else ()
    return Features(
        ids, vocabulary, num_classes=num_classes, ngrams=config.network.linear_ngrams, characters=characters,
        vectors=vectors if getattr(config.network, "linear_vectors", False) else None,
    )  # fmt: skip


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
    held_out_logits: np.ndarray | None = None,
    usual_weight: float = USUAL_WEIGHT,
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
        held_out_logits: Logits of the training documents with a label and a weight above 0, by networks that were
            trained without them; with few documents, they tell more about the weight than the validation documents.
            None: there are none.
        usual_weight: Weight without evidence, see ``fit_weight``.

    Returns:
        The member, or None if it does not help: its weight would be 0, or no document has a label.
    """
    start = time.perf_counter()
    known = _select_labelled(features, train, targets, weights)
    if not len(known):
        return None
    num_classes = validation_logits.shape[1]
    held_out = Examples(features.transform(validation), validation_targets)
    choice = choose(known, held_out, task, num_classes=num_classes, column_counts=features.column_counts)
    coefficients, bias = known.solve(num_classes, features.count_columns(choice), choice.cost)
    scores = held_out.features[:, : len(coefficients)] @ coefficients + bias
    evidence = (validation_logits, scores, validation_targets)
    if held_out_logits is not None:
        known_scores = cross_validated_scores(known, num_classes, len(coefficients), choice.cost)
        scale = task.fit_temperature(validation_logits, validation_targets)
        scale /= task.fit_temperature(held_out_logits, known.targets)
        evidence = (scale * held_out_logits, known_scores, known.targets)
    weight = fit_weight(*evidence, task, temperature=choice.temperature, usual_weight=usual_weight)
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
    known = _select_labelled(features, train, targets, weights)
    num_classes = member.validation_scores.shape[1]
    coefficients, bias = known.solve(num_classes, features.count_columns(member.choice), member.choice.cost)
    layers = features.build_layers(coefficients, bias)
    return dataclasses.replace(member, layers=layers)


def _select_labelled(features: Features, train: RaggedIds, targets: np.ndarray, weights: np.ndarray | None) -> Examples:
    """Return the documents that have a label and a weight above 0."""
    has_label = np.all((targets >= 0).reshape(len(targets), -1), axis=1)
    if weights is not None:
        has_label = has_label & (weights > 0)
    known = Examples(features.transform(train), targets, weights, features.num_counts).select(has_label)
    return known.normalize_weights(has_label.sum())


def add_member(built: BuiltModel, member: LinearMember) -> BuiltModel:
    """Return a model whose logits are the sum of the network's and the member's; they share their layers."""
    [ids] = built.model.inputs
    scores = [layer(ids) for layer in member.layers]
    factors = [1.0, *[member.weight] * len(scores)]
    logits = WeightedSum(factors, name="ensemble")([built.model.output, *scores])
    model: keras.Model = type(built.model)(ids, logits, name=built.model.name)
    return BuiltModel(model, built.roles, built.sequence_outputs)
