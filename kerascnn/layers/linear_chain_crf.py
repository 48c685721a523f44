"""Linear-chain conditional random field: the layer, and its sums and maxima over all sequences of tags."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor

IMPOSSIBLE = -1e4
"""Potential of a transition that cannot occur; its exponential is 0, and sums of it stay finite."""


@keras.saving.register_keras_serializable(package="kerascnn")
class LinearChainCRF(keras.layers.Layer):
    """Adds the scores of transitions between tags to the scores of the tags (Lafferty, McCallum & Pereira 2001).

    The potentials are all that sequences of tags depend on, padding included: at padding a sequence keeps its tag at no
    cost. Therefore the functions of this module take no mask.

    Example::

        crf = LinearChainCRF()
        potentials = crf(scores, valid)             # (batch, time, tags, tags)
        log_partition(potentials)                   # (batch,)

    Call arguments:
        scores: Scores of the tags, (batch, time, tags).
        valid: (batch, time, 1), 1 at tokens and 0 at padding.

    Returns:
        Potentials, (batch, time, tags, tags): at ``[:, t, i, j]`` the score of the tag j at t after the tag i at t - 1.
        Before the first token is the tag 0, in whose place ``start`` has the scores of the first tag.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True  # it has its own mask; that of a recurrent layer passes

    def build(self, scores_shape: tuple[int | None, ...], valid_shape: tuple[int | None, ...]) -> None:
        """Create the scores of the transitions, zeros."""
        tags = scores_shape[-1]
        self.transitions = self.add_weight(shape=(tags, tags), initializer="zeros", name="transitions")
        self.start = self.add_weight(shape=(tags,), initializer="zeros", name="start")

    def call(self, scores: Tensor, valid: Tensor) -> Tensor:
        """Compute the potentials, see the class."""
        return combine_potentials(
            scores, valid, ops.convert_to_tensor(self.start), ops.convert_to_tensor(self.transitions)
        )

    def compute_output_shape(self, scores_shape: tuple[int | None, ...], valid_shape: Any) -> tuple[int | None, ...]:
        """Return the shape of the potentials."""
        return (*scores_shape, scores_shape[-1])


def combine_potentials(scores: Tensor, valid: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """Return the potentials of scores of tags and of transitions, see ``LinearChainCRF``.

    Args:
        scores: Scores of the tags, (batch, time, tags).
        valid: (batch, time, 1), 1 at tokens and 0 at padding.
        start: Scores of the first tag, (tags,).
        transitions: Scores of transitions, (tags, tags).
    """
    tags = scores.shape[-1]
    is_first = ops.cast(ops.arange(ops.shape(scores)[1]) == 0, scores.dtype)
    is_first = ops.expand_dims(ops.expand_dims(is_first, -1), -1)  # (time, 1, 1)
    before = is_first * ops.broadcast_to(start, (tags, tags)) + (1 - is_first) * transitions
    potentials = ops.expand_dims(before, 0) + ops.expand_dims(scores, 2)
    valid = ops.expand_dims(valid, -1)
    keep_tag = IMPOSSIBLE * (1 - ops.eye(tags, dtype=scores.dtype))
    return valid * potentials + (1 - valid) * keep_tag


def log_partition(potentials: Tensor) -> Tensor:
    """Return the logarithm of the sum over all sequences of tags, (batch,): the forward algorithm.

    Args:
        potentials: (batch, time, tags, tags), see ``LinearChainCRF``.
    """

    def step(alpha: Tensor, potential: Tensor) -> tuple[Tensor, Tensor]:
        alpha = ops.logsumexp(ops.expand_dims(alpha, -1) + potential, axis=1)
        return alpha, alpha

    alpha, _ = ops.scan(step, _start_scores(potentials), ops.transpose(potentials, (1, 0, 2, 3)))
    return ops.logsumexp(alpha, axis=-1)


def score_tags(potentials: Tensor, tags: Tensor) -> Tensor:
    """Return the score of one sequence of tags for each sentence, (batch,).

    Args:
        potentials: (batch, time, tags, tags), see ``LinearChainCRF``.
        tags: Integers (batch, time); -1 at padding, and where no tag is known.
    """
    size, tags = potentials.shape[-1], ops.cast(tags, "int32")
    before = ops.pad(tags[:, :-1], [[0, 0], [1, 0]])
    is_known = ops.cast(ops.logical_and(tags >= 0, before >= 0), potentials.dtype)
    position = ops.maximum(before, 0) * size + ops.maximum(tags, 0)
    flat = ops.reshape(potentials, (-1, ops.shape(potentials)[1], size * size))
    found = ops.take_along_axis(flat, ops.expand_dims(position, -1), axis=-1)
    return ops.sum(ops.squeeze(found, -1) * is_known, axis=-1)


def find_best_tags(potentials: Tensor) -> Tensor:
    """Return the most probable sequence of tags for each sentence, int32 (batch, time): the Viterbi algorithm.

    At padding it repeats the tag before.

    Args:
        potentials: (batch, time, tags, tags), see ``LinearChainCRF``.
    """

    def step(delta: Tensor, potential: Tensor) -> tuple[Tensor, Tensor]:
        return ops.max(ops.expand_dims(delta, -1) + potential, axis=1), delta

    def follow(tag: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
        index = ops.expand_dims(ops.expand_dims(tag, -1), -1)
        before = ops.squeeze(ops.take_along_axis(scores, index, axis=2), -1)
        return ops.cast(ops.argmax(before, axis=-1), "int32"), tag

    by_time = ops.transpose(potentials, (1, 0, 2, 3))
    last, deltas = ops.scan(step, _start_scores(potentials), by_time)
    # one array: with several, ``keras.ops.scan`` needs a static number of steps
    scores = ops.expand_dims(deltas, -1) + by_time
    _, tags = ops.scan(follow, ops.cast(ops.argmax(last, axis=-1), "int32"), scores, reverse=True)
    return ops.transpose(tags, (1, 0))


def compute_marginals(potentials: Tensor) -> Tensor:
    """Return the probability of each tag given the whole sentence, (batch, time, tags).

    Args:
        potentials: (batch, time, tags, tags), see ``LinearChainCRF``.
    """
    return ops.exp(compute_log_marginals(potentials))


def compute_log_marginals(potentials: Tensor) -> Tensor:
    """Return the logarithms of the marginal probabilities, (batch, time, tags): the forward-backward algorithm.

    Args:
        potentials: (batch, time, tags, tags), see ``LinearChainCRF``.
    """

    def forward(alpha: Tensor, potential: Tensor) -> tuple[Tensor, Tensor]:
        alpha = ops.logsumexp(ops.expand_dims(alpha, -1) + potential, axis=1)
        return alpha, alpha

    def backward(beta: Tensor, potential: Tensor) -> tuple[Tensor, Tensor]:
        return ops.logsumexp(ops.expand_dims(beta, 1) + potential, axis=2), beta

    by_time = ops.transpose(potentials, (1, 0, 2, 3))
    _, alphas = ops.scan(forward, _start_scores(potentials), by_time)
    _, betas = ops.scan(backward, ops.zeros_like(potentials[:, 0, 0, :]), by_time, reverse=True)
    return ops.transpose(ops.log_softmax(alphas + betas, axis=-1), (1, 0, 2))


def _start_scores(potentials: Tensor) -> Tensor:
    """Return the scores of the tags before the first token: 0 for the tag 0, which stands for the start."""
    tags = potentials.shape[-1]
    return ops.zeros_like(potentials[:, 0, 0, :]) + IMPOSSIBLE * ops.cast(ops.arange(tags) != 0, potentials.dtype)
