"""Attribution of a logit to n-grams, by pooled filters or by integrated gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from kerascnn.data.ragged import RaggedIds
from kerascnn.evaluation.attribution_base import TOLERANCE, Attribution, AttributionMethod
from kerascnn.evaluation.linear_attribution import EnsembleAttribution, LinearAttribution
from kerascnn.layers import MaxPooledConv1D, PaddingMask, TfidfLinear, WeightedSum
from kerascnn.models import BuiltModel
from kerascnn.prediction import BatchFunction, PathFunction, make_batch_function, make_path_functions

_INTERVALS, _SPLITS, _ROUNDS, _SLACK, _BATCH = 16, 4, 16, 10, 16
_CHANGES_PER_BATCH = 256


def choose_attribution_method(built: BuiltModel) -> AttributionMethod:
    """Return the attribution method that fits a model."""
    if all(isinstance(layer, TfidfLinear) for layer in built.model.layers if layer.weights):
        return LinearAttribution(built)
    # Keras cannot save a functional model after another one starts at one of its layers, so a copy is split.
    copy = type(built.model).from_config(built.model.get_config())
    copy.set_weights(built.model.get_weights())
    built = BuiltModel(copy, built.roles)
    if not isinstance(built.output_layer, WeightedSum):
        return _attribute_network(built)
    network = BuiltModel(keras.Model(copy.input, built.network_logits), built.roles)
    return EnsembleAttribution(built, _attribute_network(network))


def _attribute_network(built: BuiltModel) -> AttributionMethod:
    return FilterAttribution(built) if built.roles.pooling else IntegratedGradients(built.model)


@dataclass(frozen=True)
class _PooledSequence:
    """A sequence that a layer pools over time."""

    values: Any
    """Symbolic tensor (batch, time, channels)."""
    valid: Any
    """Symbolic tensor (batch, time, 1), 1 at tokens and 0 at padding."""
    width: int
    """Number of tokens or n-grams that each position depends on."""
    pooling: str
    """See ``MaskedGlobalPooling1D``."""


class FilterAttribution:
    """Exact attribution to the n-grams at which filters have their maximum.

    The logits are a linear function of the pooled features. The contribution of a maximum over time goes to the
    position of the maximum, that of an average to all positions. Filters detect n-grams: Jacovi, Sar Shalom & Goldberg
    2018, Understanding Convolutional Neural Networks for Text Classification.

    Args:
        built: Model with pooling layers.
    """

    def __init__(self, built: BuiltModel) -> None:
        model, layers = built.model, built.pooling_layers
        producers = {id(layer.output): layer for layer in model.layers}
        sequences = [_find_pooled_sequences(layer, producers) for layer in layers]
        self._sequences = [sequence for layer_sequences in sequences for sequence in layer_sequences]
        masks = [producers[id(sequence.valid)] for sequence in self._sequences]
        self._tokens = make_batch_function(keras.Model(model.input, [mask.input for mask in masks]))
        tensors = [tensor for sequence in self._sequences for tensor in (sequence.values, sequence.valid)]
        self._run = make_batch_function(keras.Model(model.input, [*tensors, model.output]))
        # Weight of each pooled channel, from unit vectors: all that follows is linear.
        sizes = [layer.output.shape[-1] for layer in layers]
        rest = keras.Model([layer.output for layer in layers], model.output)
        units = np.split(np.eye(sum(sizes), dtype="float32"), np.cumsum(sizes)[:-1], axis=1)
        self._bias = np.asarray(rest([unit[:1] * 0 for unit in units]), "float64")[0]
        weights = np.split(np.asarray(rest(units), "float64") - self._bias, np.cumsum(sizes)[:-1])
        parts = zip(weights, sequences, strict=True)
        self._weights = [part for weight, layer_sequences in parts for part in np.split(weight, len(layer_sequences))]

    def __call__(self, ids: Sequence[int], target: int | None = None) -> Attribution:
        """Attribute the logit of a class, by default of the most probable one."""
        padded = _pad(ids)
        *tensors, logits = (np.asarray(x, "float64")[0] for x in self._run(padded))
        target = int(logits.argmax()) if target is None else target
        contributions: dict[tuple[int, int], float] = {}
        spans = _find_spans(self._tokens, padded, len(ids))
        pooled = zip(self._sequences, self._weights, spans, tensors[::2], tensors[1::2], strict=True)
        for sequence, weights, positions, values, valid in pooled:
            by_position = _attribute_pooling(values, valid[:, 0], weights[:, target], sequence.pooling)
            before = (sequence.width - 1) // 2  # padding "same" of a convolution
            for position in np.flatnonzero(by_position):
                window = positions[max(0, position - before) : position - before + sequence.width]
                _add_contribution(contributions, _merge_spans(window, int(position), len(ids)), by_position[position])
        return Attribution(
            "filters", logits, target, float(self._bias[target]), list(contributions), list(contributions.values())
        )


class IntegratedGradients:
    """Attribution to tokens by integrated gradients over their vectors (Sundararajan, Taly & Yan 2017, equation 1).

    The baseline is the document with zero vectors for its tokens (section 3); padding and tokens that the model adds
    keep their vectors. The integral is computed over intervals. An interval is split if its contributions do not add up
    to the change of the logit over the interval (axiom of completeness, section 3).

    Args:
        model: Functional model, ids -> logits.
    """

    def __init__(self, model: keras.Model) -> None:
        embeddings = [layer for layer in model.layers if _is_embedding(layer)]
        self._tokens = make_batch_function(keras.Model(model.input, [layer.input for layer in embeddings]))
        outputs = [*(layer.output for layer in embeddings), model.output]
        self._run = make_batch_function(keras.Model(model.input, outputs))
        self._logits, self._derivatives = make_path_functions(model, embeddings)

    def __call__(self, ids: Sequence[int], target: int | None = None) -> Attribution:
        """Attribute the logit of a class, by default of the most probable one."""
        padded = _pad(ids)
        *vectors, logits = (np.asarray(x, "float32") for x in self._run(padded))
        target = int(logits[0].argmax()) if target is None else target
        spans = _find_spans(self._tokens, padded, len(ids))
        masks = [(span[:, 1] > 0).astype("float32")[None, :, None] for span in spans]

        def evaluate(function: PathFunction, points: np.ndarray) -> list[np.ndarray]:
            batches = np.split(points.astype("float32"), range(_BATCH, len(points), _BATCH))
            parts = [function(padded, vectors, masks, batch, target) for batch in batches]
            return [np.concatenate(part).astype("float64") for part in zip(*parts, strict=True)]

        path = partial(evaluate, self._logits), partial(evaluate, self._derivatives)
        [[bias, logit]] = path[0](np.array([0.0, 1.0]))
        integrals = _integrate(*path, TOLERANCE * max(1.0, abs(logit - bias)))
        contributions: dict[tuple[int, int], float] = {}
        for span, by_position in zip(spans, integrals, strict=True):
            for position in np.flatnonzero(by_position):
                _add_contribution(
                    contributions, (int(span[position, 0]), int(span[position, 1])), by_position[position]
                )
        return Attribution(
            "integrated gradients",
            logits[0].astype("float64"),
            target,
            float(bias),
            list(contributions),
            list(contributions.values()),
        )


def _find_pooled_sequences(
    layer: keras.layers.Layer, producers: dict[int, keras.layers.Layer]
) -> list[_PooledSequence]:
    """Return the sequences that a layer pools, in the order of its output channels.

    Args:
        layer: A ``MaxPooledConv1D`` or ``MaskedGlobalPooling1D``.
        producers: The layers of the model by the id of their output.
    """
    inputs, valid = layer.input[:2]
    if isinstance(layer, MaxPooledConv1D):
        return [_PooledSequence(conv(inputs), valid, conv.kernel_size[0], "max") for conv in layer.convolutions]
    producer = producers[id(inputs)]
    width = producer.kernel_size[0] if isinstance(producer, keras.layers.Conv1D) else 1
    return [_PooledSequence(inputs, valid, width, layer.pooling)]


def _integrate(
    logits: Callable[[np.ndarray], list[np.ndarray]],
    derivatives: Callable[[np.ndarray], list[np.ndarray]],
    tolerance: float,
) -> list[np.ndarray]:
    """Integrate derivatives from 0 to 1 by the midpoint rule, and split the intervals with the largest errors.

    Args:
        logits: Points (n,) to the logits at these points, a list of one array (n,).
        derivatives: Points (n,) to the derivatives, (n, positions) per embedding.
        tolerance: Largest difference of the sum over all positions from the change of the logit.

    Returns:
        The integral at each position, (positions,) per embedding.
    """

    def measure(starts: np.ndarray, widths: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        parts = [part * widths[:, None] for part in derivatives(starts + widths / 2)]
        [ends] = logits(np.concatenate([starts, starts + widths]))
        changes = ends[len(starts) :] - ends[: len(starts)]
        return parts, np.sum([part.sum(axis=1) for part in parts], axis=0) - changes

    starts, widths = np.arange(_INTERVALS) / _INTERVALS, np.full(_INTERVALS, 1 / _INTERVALS)
    parts, errors = measure(starts, widths)
    for _ in range(_ROUNDS):
        # The errors of single intervals may cancel out, but not hide large ones.
        if abs(errors.sum()) <= tolerance and np.abs(errors).sum() <= _SLACK * tolerance:
            break
        worst = np.argsort(-np.abs(errors))[:_INTERVALS]
        new_widths = np.repeat(widths[worst] / _SPLITS, _SPLITS)
        new_starts = np.repeat(starts[worst], _SPLITS) + new_widths * np.tile(np.arange(_SPLITS), len(worst))
        new_parts, new_errors = measure(new_starts, new_widths)
        starts = np.append(np.delete(starts, worst), new_starts)
        widths = np.append(np.delete(widths, worst), new_widths)
        errors = np.append(np.delete(errors, worst), new_errors)
        parts = [np.append(np.delete(old, worst, 0), new, 0) for old, new in zip(parts, new_parts, strict=True)]
    return [part.sum(axis=0) for part in parts]


def _is_embedding(layer: keras.layers.Layer) -> bool:
    """Return whether a layer maps ids to vectors."""
    if isinstance(layer, (keras.layers.InputLayer, PaddingMask)) or isinstance(layer.input, (list, tuple)):
        return False
    has_ids = keras.backend.is_int_dtype(layer.input.dtype)
    return bool(has_ids and not keras.backend.is_int_dtype(layer.output.dtype) and len(layer.output.shape) == 3)


def _pad(ids: Sequence[int]) -> np.ndarray:
    return RaggedIds(np.asarray(ids, np.int32), np.array([0, len(ids)])).to_padded(np.array([0]))


def _find_spans(function: BatchFunction, ids: np.ndarray, count: int) -> list[np.ndarray]:
    """Find the tokens that each position of some integer tensors depends on, by a change of each token.

    Args:
        function: Padded ids to the tensors, (batch, positions) each.
        ids: Ids of one document, int32 (1, length).
        count: Number of ids without padding.

    Returns:
        The index of the first token and of the token after the last one, int (positions, 2) per tensor; zeros where no
        token has an effect.
    """
    before = _to_arrays(function(ids))
    spans = [np.tile([count, 0], (x.shape[1], 1)) for x in before]
    for start in range(0, count, _CHANGES_PER_BATCH):
        rows = np.arange(start, min(start + _CHANGES_PER_BATCH, count))
        changed = np.repeat(ids, len(rows), axis=0)
        changed[np.arange(len(rows)), rows] += 1
        for span, old, new in zip(spans, before, _to_arrays(function(changed)), strict=True):
            differs = new != old
            positions = np.flatnonzero(differs.any(axis=0))
            first, last = rows[differs.argmax(axis=0)], rows[-1] - differs[::-1].argmax(axis=0)
            span[positions, 0] = np.minimum(span[positions, 0], first[positions])
            span[positions, 1] = np.maximum(span[positions, 1], last[positions] + 1)
    return [np.where(span[:, 1:] > 0, span, 0) for span in spans]


def _to_arrays(tensors: Any) -> list[np.ndarray]:
    return [np.asarray(x) for x in keras.tree.flatten(tensors)]


def _attribute_pooling(values: np.ndarray, valid: np.ndarray, weights: np.ndarray, pooling: str) -> np.ndarray:
    """Return the contribution of each position to a logit through a pooling layer, (positions,)."""
    contributions = np.zeros(len(values))
    if not valid.any():
        return contributions
    channels = values.shape[1]
    if pooling in ("max", "both"):
        highest = np.where(valid[:, None] > 0, values, -np.inf).argmax(axis=0)
        np.add.at(contributions, highest, values[highest, np.arange(channels)] * weights[:channels])
    if pooling in ("average", "both"):
        contributions += (values @ weights[-channels:]) * valid / valid.sum()
    if pooling == "sqrtn":
        contributions += (values @ weights) * valid / np.sqrt(valid.sum())
    return contributions


def _merge_spans(spans: np.ndarray, position: int, count: int) -> tuple[int, int]:
    """Return the tokens of neighboring positions as one span; without tokens, the start or the end of the text."""
    nonempty = spans[spans[:, 1] > 0]
    if not len(nonempty):
        return (0, 0) if position == 0 else (count, count)
    return int(nonempty[:, 0].min()), int(nonempty[:, 1].max())


def _add_contribution(contributions: dict[tuple[int, int], float], span: tuple[int, int], contribution: float) -> None:
    contributions[span] = contributions.get(span, 0.0) + float(contribution)
