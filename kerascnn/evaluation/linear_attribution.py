"""Attribution of the logit of a linear classifier, alone or as a member beside a network."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from kerascnn.evaluation.attribution_base import Attribution, AttributionMethod
from kerascnn.layers import TfidfLinear
from kerascnn.layers.tfidf_linear import term_frequency
from kerascnn.models import BuiltModel


class EnsembleAttribution:
    """Adds the exact contributions of n-grams to the scores of a linear member to those of the network.

    Args:
        built: Model with a ``WeightedSum`` as its last layer.
        network: Attribution of the logits of the network.
    """

    def __init__(self, built: BuiltModel, network: AttributionMethod) -> None:
        self._network, self._model = network, built.model
        output = built.output_layer
        producers = {id(layer.output): layer for layer in built.model.layers}
        self._factor, *factors = output.factors
        members = [producers[id(tensor)] for tensor in output.input[1:]]
        self._members = list(zip(factors, members, strict=True))

    def __call__(self, ids: Sequence[int], target: int | None = None) -> Attribution:
        """Attribute the logit of a class, by default of the most probable one."""
        padded = np.array([[*ids] or [0]], np.int32)
        logits = np.asarray(self._model(padded, training=False), "float64")[0]
        target = int(logits.argmax()) if target is None else target
        network = self._network(ids, target)
        spans = dict(zip(network.spans, (self._factor * x for x in network.contributions), strict=True))
        bias = self._factor * network.bias
        for factor, layer in self._members:
            bias += factor * float(layer.bias[target])
            for span, contribution in linear_contributions(layer, padded, target).items():
                spans[span] = spans.get(span, 0.0) + factor * contribution
        return dataclasses.replace(
            network, logits=logits, bias=bias, spans=list(spans), contributions=list(spans.values())
        )


class LinearAttribution:
    """Exact contributions of n-grams to the scores of a linear classifier.

    Args:
        built: Model whose logits are the sum of the scores of ``TfidfLinear`` layers.
    """

    def __init__(self, built: BuiltModel) -> None:
        self._layers = [layer for layer in built.model.layers if isinstance(layer, TfidfLinear)]

    def __call__(self, ids: Sequence[int], target: int | None = None) -> Attribution:
        """Attribute the logit of a class, by default of the most probable one."""
        padded = np.array([[*ids] or [0]], np.int32)
        parts = [_score_ngrams(layer, padded) for layer in self._layers]
        bias = np.sum([np.asarray(layer.bias, "float64") for layer in self._layers], axis=0)
        logits = bias + np.sum([part.sum(axis=(0, 1)) for part in parts], axis=0)
        target = int(logits.argmax()) if target is None else target
        spans: dict[tuple[int, int], float] = {}
        for layer, part in zip(self._layers, parts, strict=True):
            for span, contribution in _sum_by_span(part[..., target], layer).items():
                spans[span] = spans.get(span, 0.0) + contribution
        return Attribution("linear", logits, target, float(bias[target]), list(spans), list(spans.values()))


def linear_contributions(layer: TfidfLinear, ids: np.ndarray, target: int) -> dict[tuple[int, int], float]:
    """Return what each n-gram of a document adds to a score; occurrences of the same n-gram add the same.

    Args:
        layer: The layer.
        ids: Ids of one document, int32 (1, length).
        target: Class of the score.

    Returns:
        The index of the first id of each n-gram and of the id after its last one, to its contribution; the sum of the
        contributions and the bias is the score.
    """
    return _sum_by_span(_score_ngrams(layer, ids)[..., target], layer)


def _score_ngrams(layer: TfidfLinear, ids: np.ndarray) -> np.ndarray:
    """Return what the n-gram of each size at each position adds to the scores, float64 (positions, sizes, classes)."""
    rows = np.asarray(keras.ops.convert_to_numpy(layer.find_rows(ids)))[0]
    distinct, inverse, counts = np.unique(rows, return_inverse=True, return_counts=True)
    coefficients, norms = (np.asarray(x)[distinct].astype("float64") for x in (layer.coefficients, layer.norms))
    frequencies = term_frequency(counts)
    norm = np.sqrt(max((frequencies**2) @ norms**2, 1.0))
    each = (frequencies / counts / norm)[:, None] * coefficients
    return np.asarray(each[inverse.reshape(rows.shape)])


def _sum_by_span(scores: np.ndarray, layer: TfidfLinear) -> dict[tuple[int, int], float]:
    """Return the scores other than 0, (positions, sizes), by the index of the first id and of the id after the last.

    An n-gram that begins with the start token has the span of the ids after it.
    """
    contributions: dict[tuple[int, int], float] = {}
    for position, column in zip(*np.nonzero(scores), strict=True):
        first = int(position) - layer.start_token
        span = max(first, 0), first + layer.hashing.sizes[column]
        contributions[span] = contributions.get(span, 0.0) + float(scores[position, column])
    return contributions
