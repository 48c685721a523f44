"""The most probable sequence of tags and the probabilities of the tags, in NumPy.

Export copies this file to devices without this package.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

IMPOSSIBLE = -1e4
"""Score of a transition that cannot occur."""


@dataclass(frozen=True)
class TagDecoder:
    """Scores of the transitions between tags.

    Attributes:
        start: Score of each tag as the first one, float (tags,).
        transitions: At ``[i, j]`` the score of the tag j after the tag i, float (tags, tags).
        normalize: Whether scores of tokens are normalized to log-probabilities first, without a conditional random
            field.
    """

    start: np.ndarray
    transitions: np.ndarray
    normalize: bool = False

    def decode(self, scores: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the most probable tags of sentences, and the probabilities of all tags.

        Args:
            scores: Scores of the tags of each token, float (sentences, time, tags).
            lengths: Number of tokens of each sentence, int (sentences,).

        Returns:
            Tags, int (sentences, time), and the probability of each tag given the whole sentence, float32 (sentences,
            time, tags); both without meaning after the end of a sentence.
        """
        scores = scores.astype(np.float64)
        if self.normalize:
            scores = scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)
        return self._find_best(scores, lengths), self._compute_probabilities(scores, lengths)

    def _find_best(self, scores: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return the sequence with the highest score: the Viterbi algorithm."""
        count, time, tags = scores.shape
        best = np.zeros((count, time), int)
        pointers = np.tile(np.arange(tags), (time, count, 1))
        delta = self.start + scores[:, 0] if time else np.zeros((count, tags))
        for t in range(1, time):
            candidates = delta[:, :, None] + self.transitions
            inside = (t < lengths)[:, None]
            pointers[t] = np.where(inside, candidates.argmax(axis=1), pointers[t])
            delta = np.where(inside, candidates.max(axis=1) + scores[:, t], delta)
        tag = delta.argmax(axis=1)
        for t in reversed(range(time)):
            best[:, t] = tag
            tag = pointers[t][np.arange(count), tag]
        return best

    def _compute_probabilities(self, scores: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return the probability of each tag: the forward-backward algorithm, normalized at each token."""
        count, time, tags = scores.shape
        emission = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shift = max(self.transitions.max(), self.start.max())
        transition = np.exp(self.transitions - shift)
        forward, backward = np.ones((2, count, time, tags))
        for t in range(time):
            before = forward[:, t - 1] @ transition if t else np.exp(self.start - shift)
            forward[:, t] = _normalize(before * emission[:, t])
        for t in reversed(range(time - 1)):
            after = _normalize((backward[:, t + 1] * emission[:, t + 1]) @ transition.T)
            backward[:, t] = np.where((t + 1 < lengths)[:, None], after, 1.0)
        return _normalize(forward * backward).astype(np.float32)


def _normalize(values: np.ndarray) -> np.ndarray:
    total = values.sum(axis=-1, keepdims=True)
    return np.asarray(np.where(total == 0, 1 / values.shape[-1], values / np.maximum(total, 1e-300)))
