"""What a logit is made of: a share for each n-gram of ids, by the filters that fired or by integrated gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from kerascnn.data.batches import RaggedIds
from kerascnn.layers import PaddingMask
from kerascnn.models import BuiltModel
from kerascnn.prediction import compiled_path, traced

TOLERANCE = 0.01
"""How far the shares may be from the change of the logit that they explain, where that is an integral: as a part of it,
and of 1 where it is smaller."""
_INTERVALS, _PARTS, _ROUNDS, _SLACK, _BATCH = 16, 4, 16, 10, 16
_CHANGED_AT_ONCE = 256


@dataclass(frozen=True)
class Attribution:
    """The logit of one class of one document, taken apart."""

    method: str
    """``filters`` or ``integrated gradients``."""
    logits: np.ndarray
    """Of all classes, float64 (classes,)."""
    target: int
    """The class that is explained."""
    bias: float
    """The logit without the tokens. Bias and shares together are the logit: but for rounding, or, with integrated
    gradients, to ``TOLERANCE``."""
    windows: list[tuple[int, int]]
    """The n-grams: first id and the one behind the last; (0, 0) is what stands before the text, (length, length) what
    stands behind it."""
    shares: list[float]
    """What each n-gram adds to the logit."""


Attribute = Callable[[Sequence[int], int | None], Attribution]
"""From ids of a document and a class, None for the most probable one, to its attribution."""


def attribute(built: BuiltModel) -> Attribute:
    """Return the attribution method that fits a model."""
    # Keras cannot save a functional model after another one starts at one of its layers, so a copy is split.
    copy = type(built.model).from_config(built.model.get_config())
    copy.set_weights(built.model.get_weights())
    return Filters(BuiltModel(copy, built.roles)) if built.roles.pooling else IntegratedGradients(copy)


class Filters:
    """Attribution to the n-grams that filters saw when they fired, exact: the logits are linear in what is pooled.

    Of a maximum over time the position that has it gets all, of an average each position its part. Filters detect
    n-grams: Jacovi, Sar Shalom & Goldberg 2018, Understanding Convolutional Neural Networks for Text Classification.

    Args:
        built: Model with pooling layers.
    """

    def __init__(self, built: BuiltModel) -> None:
        model = built.model
        made_by = {id(layer.output): layer for layer in model.layers}
        self._pools = built.pooling_layers
        masks = [made_by[id(layer.input[1])] for layer in self._pools]
        self._reads = traced(keras.Model(model.input, [mask.input for mask in masks]))
        states = [tensor for layer in self._pools for tensor in layer.input]
        self._run = traced(keras.Model(model.input, [*states, model.output]))
        self._widths = [
            layer.kernel_size[0] if isinstance(layer := made_by[id(pool.input[0])], keras.layers.Conv1D) else 1
            for pool in self._pools
        ]
        # What one unit of each pooled channel adds to the logits: the head is linear, whatever it is made of.
        sizes = [pool.output.shape[-1] for pool in self._pools]
        head = keras.Model([pool.output for pool in self._pools], model.output)
        units = np.split(np.eye(sum(sizes), dtype="float32"), np.cumsum(sizes)[:-1], axis=1)
        self._bias = np.asarray(head([unit[:1] * 0 for unit in units]), "float64")[0]
        self._weights = np.split(np.asarray(head(units), "float64") - self._bias, np.cumsum(sizes)[:-1])

    def __call__(self, ids: Sequence[int], target: int | None = None) -> Attribution:
        """The attribution of a class."""
        padded = _padded(ids)
        *states, logits = (np.asarray(x, "float64")[0] for x in self._run(padded))
        target = int(logits.argmax()) if target is None else target
        shares: dict[tuple[int, int], float] = {}
        pools = zip(self._pools, self._widths, self._weights, _windows(self._reads, padded, len(ids)), strict=True)
        for number, (pool, width, weights, windows) in enumerate(pools):
            values, valid = states[2 * number], states[2 * number + 1]
            by_position = _pooled_shares(values, valid[:, 0], weights[:, target], pool.pooling)
            before = (width - 1) // 2  # padding of a convolution, "same"
            for position in np.flatnonzero(by_position):
                seen = windows[max(0, position - before) : position - before + width]
                _add(shares, _union(seen, int(position), len(ids)), by_position[position])
        return Attribution("filters", logits, target, float(self._bias[target]), list(shares), list(shares.values()))


class IntegratedGradients:
    """Attribution to tokens by integrated gradients over their vectors (Sundararajan, Taly & Yan 2017, equation 1).

    The baseline is the document whose tokens have the zero vector (section 3); padding and marks that the network adds
    itself stay as they are. The integral is taken in pieces, and a piece whose shares do not add up to what the logit
    gains there is taken in smaller ones (axiom of completeness, section 3).

    Args:
        model: ids -> logits.
    """

    def __init__(self, model: keras.Model) -> None:
        self._tables = [layer for layer in model.layers if _reads_ids(layer)]
        self._reads = traced(keras.Model(model.input, [table.input for table in self._tables]))
        self._run = traced(keras.Model(model.input, [*(table.output for table in self._tables), model.output]))
        self._logits, self._slopes = compiled_path(model, self._tables)

    def __call__(self, ids: Sequence[int], target: int | None = None) -> Attribution:
        """The attribution of a class."""
        padded = _padded(ids)
        *vectors, logits = (np.asarray(x, "float32") for x in self._run(padded))
        target = int(logits[0].argmax()) if target is None else target
        windows = _windows(self._reads, padded, len(ids))
        growing = [(window[:, 1] > 0).astype("float32")[None, :, None] for window in windows]

        def along(function: Callable, points: np.ndarray) -> list[np.ndarray]:
            batches = np.split(points.astype("float32"), range(_BATCH, len(points), _BATCH))
            parts = [function(padded, vectors, growing, batch, target) for batch in batches]
            return [np.concatenate(part).astype("float64") for part in zip(*parts, strict=True)]

        path = partial(along, self._logits), partial(along, self._slopes)
        [[bias, logit]] = path[0](np.array([0.0, 1.0]))
        by_table = _integral(*path, TOLERANCE * max(1.0, abs(logit - bias)))
        shares: dict[tuple[int, int], float] = {}
        for window, by_position in zip(windows, by_table, strict=True):
            for position in np.flatnonzero(by_position):
                _add(shares, (int(window[position, 0]), int(window[position, 1])), by_position[position])
        return Attribution(
            "integrated gradients",
            logits[0].astype("float64"),
            target,
            float(bias),
            list(shares),
            list(shares.values()),
        )


def _integral(logits: Callable, slopes: Callable, tolerance: float) -> list[np.ndarray]:
    """Means of slopes from 0 to 1 by the midpoint rule, (positions,) a table; intervals that err most are parted.

    Args:
        logits: Points (n,) to what stands there, in a list (n,).
        slopes: Points (n,) to how fast it rises there through each position, (n, positions) a table.
        tolerance: How far the means of all positions together may be from what the logit gains.
    """

    def measured(starts: np.ndarray, widths: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        parts = [part * widths[:, None] for part in slopes(starts + widths / 2)]
        [ends] = logits(np.concatenate([starts, starts + widths]))
        gains = ends[len(starts) :] - ends[: len(starts)]
        return parts, sum(part.sum(axis=1) for part in parts) - gains

    starts, widths = np.arange(_INTERVALS) / _INTERVALS, np.full(_INTERVALS, 1 / _INTERVALS)
    parts, errors = measured(starts, widths)
    for _ in range(_ROUNDS):
        # single errors may cancel out, but not hide large ones
        if abs(errors.sum()) <= tolerance and np.abs(errors).sum() <= _SLACK * tolerance:
            break
        worst = np.argsort(-np.abs(errors))[:_INTERVALS]
        finer = np.repeat(widths[worst] / _PARTS, _PARTS)
        new = np.repeat(starts[worst], _PARTS) + finer * np.tile(np.arange(_PARTS), len(worst))
        new_parts, new_errors = measured(new, finer)
        starts, widths = np.append(np.delete(starts, worst), new), np.append(np.delete(widths, worst), finer)
        errors = np.append(np.delete(errors, worst), new_errors)
        parts = [np.append(np.delete(old, worst, 0), part, 0) for old, part in zip(parts, new_parts, strict=True)]
    return [part.sum(axis=0) for part in parts]


def _reads_ids(layer: keras.layers.Layer) -> bool:
    """Whether a layer turns ids into vectors."""
    if isinstance(layer, (keras.layers.InputLayer, PaddingMask)) or isinstance(layer.input, (list, tuple)):
        return False
    whole = keras.backend.is_int_dtype(layer.input.dtype)
    return whole and not keras.backend.is_int_dtype(layer.output.dtype) and len(layer.output.shape) == 3


def _padded(ids: Sequence[int]) -> np.ndarray:
    return RaggedIds(np.asarray(ids, np.int32), np.array([0, len(ids)])).to_padded(np.array([0]))


def _windows(read: Callable, ids: np.ndarray, count: int) -> list[np.ndarray]:
    """Which tokens each position of some integer tensors comes from: change a token, and see which positions change.

    Args:
        read: ids -> the tensors, (batch, positions) each.
        ids: Of a document, int32 (1, length).
        count: How many of them are no padding.

    Returns:
        First token and the one behind the last, int (positions, 2) a tensor; zeros where no token counts.
    """
    before = _arrays(read(ids))
    found = [np.tile([count, 0], (x.shape[1], 1)) for x in before]
    for start in range(0, count, _CHANGED_AT_ONCE):
        rows = np.arange(start, min(start + _CHANGED_AT_ONCE, count))
        changed = np.repeat(ids, len(rows), axis=0)
        changed[np.arange(len(rows)), rows] += 1
        for window, old, new in zip(found, before, _arrays(read(changed)), strict=True):
            differs = new != old
            positions = np.flatnonzero(differs.any(axis=0))
            first, last = rows[differs.argmax(axis=0)], rows[-1] - differs[::-1].argmax(axis=0)
            window[positions, 0] = np.minimum(window[positions, 0], first[positions])
            window[positions, 1] = np.maximum(window[positions, 1], last[positions] + 1)
    return [np.where(window[:, 1:] > 0, window, 0) for window in found]


def _arrays(tensors) -> list[np.ndarray]:
    return [np.asarray(x) for x in keras.tree.flatten(tensors)]


def _pooled_shares(values: np.ndarray, valid: np.ndarray, weights: np.ndarray, pooling: str) -> np.ndarray:
    """What each position adds to a logit through a pooling layer, (positions,)."""
    shares = np.zeros(len(values))
    if not valid.any():
        return shares
    channels = values.shape[1]
    if pooling in ("max", "both"):
        highest = np.where(valid[:, None] > 0, values, -np.inf).argmax(axis=0)
        np.add.at(shares, highest, values[highest, np.arange(channels)] * weights[:channels])
    if pooling in ("average", "both"):
        shares += (values @ weights[-channels:]) * valid / valid.sum()
    if pooling == "sqrtn":
        shares += (values @ weights) * valid / np.sqrt(valid.sum())
    return shares


def _union(windows: np.ndarray, position: int, count: int) -> tuple[int, int]:
    """The tokens that several neighbours read together; without any, the place before or behind the text."""
    seen = windows[windows[:, 1] > 0]
    if not len(seen):
        return (0, 0) if position == 0 else (count, count)
    return int(seen[:, 0].min()), int(seen[:, 1].max())


def _add(shares: dict[tuple[int, int], float], window: tuple[int, int], share: float) -> None:
    shares[window] = shares.get(window, 0.0) + float(share)
