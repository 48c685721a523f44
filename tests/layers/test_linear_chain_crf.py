"""The conditional random field against sums over all sequences of tags."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from kerascnn.layers import LinearChainCRF
from kerascnn.layers.linear_chain_crf import compute_marginals, find_best_tags, log_partition, score_tags
from kerascnn.tasks.viterbi import TagDecoder

LENGTHS = np.array([5, 3, 1])


@pytest.fixture(scope="module")
def crf():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(3, 5, 4)).astype(np.float32)
    valid = (np.arange(5) < LENGTHS[:, None]).astype(np.float32)[..., None]
    layer = LinearChainCRF()
    layer(scores, valid)
    layer.set_weights([generator.normal(size=(4, 4)), generator.normal(size=4)])
    return layer, scores, valid


def score_all(layer, scores, length):
    """Score of every sequence of tags of one sentence."""
    transitions, start = layer.get_weights()
    return {
        tags: start[tags[0]]
        + sum(scores[t, tag] for t, tag in enumerate(tags))
        + sum(transitions[pair] for pair in itertools.pairwise(tags))
        for tags in itertools.product(range(4), repeat=length)
    }


def test_sums_and_maxima_are_those_of_all_sequences(crf):
    layer, scores, valid = crf
    potentials = layer(scores, valid)
    totals, best = keras.ops.convert_to_numpy(log_partition(potentials)), np.asarray(find_best_tags(potentials))
    in_graph = np.asarray(compute_marginals(potentials))
    transitions, start = layer.get_weights()
    tags, probabilities = TagDecoder(start, transitions).decode(scores, LENGTHS)
    for row, length in enumerate(LENGTHS):
        every = score_all(layer, scores[row], length)
        total = np.logaddexp.reduce(list(every.values()))
        most_probable = max(every, key=every.get)
        assert totals[row] == pytest.approx(total, abs=1e-4)
        assert tuple(best[row, :length]) == tuple(tags[row, :length]) == most_probable
        marginals = np.zeros((length, 4))
        for sequence, score in every.items():
            marginals[np.arange(length), sequence] += np.exp(score - total)
        np.testing.assert_allclose(probabilities[row, :length], marginals, atol=1e-5)
        np.testing.assert_allclose(in_graph[row, :length], marginals, atol=1e-5)


def test_score_of_tags_ignores_padding(crf):
    layer, scores, valid = crf
    tags = np.full((3, 5), -1)
    tags[1, :3] = 2, 0, 3
    found = np.asarray(score_tags(layer(scores, valid), tags))
    assert found[1] == pytest.approx(score_all(layer, scores[1], 3)[2, 0, 3], abs=1e-4)


def test_layer_is_saved(crf):
    layer, scores, valid = crf
    inputs = keras.Input((None, 4)), keras.Input((None, 1))
    model = keras.Model(inputs, LinearChainCRF(name="crf")(*inputs))
    model.set_weights(layer.get_weights())
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(copy([scores, valid]), layer(scores, valid), rtol=1e-6)


def test_decoder_without_random_field_obeys_the_scheme():
    scores = np.log(np.array([[[0.4, 0.6], [0.5, 0.5]]]))
    tags, probabilities = TagDecoder(np.array([0, -1e4]), np.zeros((2, 2)), normalize=True).decode(
        scores, np.array([2])
    )
    assert tags[0, 0] == 0
    np.testing.assert_allclose(probabilities[0, 0], [1, 0], atol=1e-6)
