"""SavedModels of taggers see long sentences in the windows of Python."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.export.tagger_saved_model import score_windows
from kerascnn.tasks.sentence_tagger import split_windows


def compute(ids):
    """Scores that depend on all tokens of a window and their places, as those of an LSTM."""
    first = ids[..., 0] if ids.ndim == 3 else ids
    places = np.arange(ids.shape[1]) * (first != 0)
    return np.stack([first + np.cumsum(first, 1) / 7, first * places], axis=-1).astype(np.float32)


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("size", [1, 3, 4, 8, 13, 20])
def test_scores_are_those_of_the_windows_in_python(size, rank):
    generator = np.random.default_rng(size)
    for lengths in ([20], [41, 3, 20, 0], [57, 56, 40]):
        ids = np.zeros((len(lengths), max(lengths) + 2, *[3] * (rank - 2)), np.int32)
        for row, length in zip(ids, lengths, strict=True):
            row[:length] = generator.integers(1, 50, (length, *row.shape[1:]))
        traced = tf.function(
            lambda values: score_windows(lambda x: tf.ensure_shape(
                tf.numpy_function(compute, [x], tf.float32), [None, size, 2]), values, size),
            input_signature=[tf.TensorSpec([None, None, *ids.shape[2:]], tf.int32)],
        )  # fmt: skip
        found = traced(ids).numpy()
        for row, length, scores in zip(ids, lengths, found, strict=True):
            for window in split_windows(length, size):
                part = np.zeros((1, size, *row.shape[1:]), np.int32)
                part[0, : window.end - window.start] = row[window.start : window.end]
                expected = compute(part)[0, window.first - window.start : window.last - window.start]
                np.testing.assert_allclose(scores[window.first : window.last], expected)
