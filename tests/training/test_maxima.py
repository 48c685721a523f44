"""Filters of which only the strongest answer counts: trained for less, with the same answers and gradients."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import models
from kerascnn.training.fit import dtype_policy_scope
from kerascnn.training.maxima import StrongestAnswers, branches

VOCABULARY = 40
SMALL = {"embedding_dim": 6, "filters": 5, "dropout": 0.0, "embedding_dropout": 0.0, "ngrams": ()}
READ_TOKENS = [
    {"kernel_sizes": (3, 4, 5)},
    {"kernel_sizes": (1, 2, 7), "ngrams": (1, 2), "ngram_buckets": 64},
    {"kernel_sizes": (2,), "start_token": False, "hidden_units": 4},
]
READ_VECTORS = [
    {"kernel_sizes": (3, 4), "static_channel": True},  # the vectors of two embeddings side by side
    {"kernel_sizes": (1, 2, 5), "embedding_dropout": 1e-6},  # vectors that may differ wherever a token stands
]
DOCUMENTS = [9, 7, 4, 2, 1, 0]
"""How many tokens they have: more and fewer than a window, and none."""


def network(**settings):
    """A network below its last layer, whose filters answer positively to some documents and not to others."""
    keras.utils.set_random_seed(3)
    model = models.get("word_cnn")(**{**SMALL, **settings}).build(vocabulary_size=VOCABULARY, num_classes=3).model
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(0, 0.5, weight.shape) for weight in model.get_weights()])
    return keras.Model(model.inputs, model.get_layer("logits").input)


def documents():
    rng = np.random.default_rng(5)
    width = max(DOCUMENTS) + 3
    return np.array([[*rng.integers(1, VOCABULARY, n), *[0] * (width - n)] for n in DOCUMENTS], "int32")


def learned(run, ids, variables):
    """What a network gives, and the gradient of each of its weights, as a training step computes them."""

    @tf.function
    def step(ids):
        with tf.GradientTape() as tape:
            features = run(ids)
            weights = tf.random.stateless_normal(tf.shape(features), [6, 7])
            loss = tf.reduce_sum(tf.cast(features, tf.float32) * weights)
        return features, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]

    features, gradients = step(ids)
    return np.asarray(features, "float32"), [gradient.numpy() for gradient in gradients]


@pytest.mark.parametrize("settings", READ_TOKENS + READ_VECTORS, ids=str)
def test_features_and_gradients_are_those_of_the_network_run_as_it_is(settings):
    plain = network(**settings)
    variables = [variable.value for variable in plain.trainable_variables]
    expected, gradients = learned(lambda ids: plain(ids, training=True), documents(), variables)
    found, cheap = learned(StrongestAnswers(plain), documents(), variables)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert any(np.abs(gradient).max() > 0.1 for gradient in gradients)
    for one, other in zip(cheap, gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


def test_windows_that_answer_alike_share_what_they_learn_whichever_is_chosen():
    plain = network(kernel_sizes=(3,), start_token=False)
    variables = [variable.value for variable in plain.trainable_variables]
    ids = np.array([[7, 8, 9] * 4], "int32")
    _, gradients = learned(lambda ids: plain(ids, training=True), ids, variables)
    _, cheap = learned(StrongestAnswers(plain), ids, variables)
    for one, other in zip(cheap, gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


@pytest.mark.parametrize("settings", [READ_TOKENS[0], READ_VECTORS[0]], ids=str)
def test_half_precision_learns_as_well_as_in_the_network_run_as_it_is(settings):
    exact = network(**settings)
    with dtype_policy_scope("mixed_bfloat16"):
        plain = network(**settings)
    (features, gradients), (_, halved), (found, cheap) = (
        learned(run, documents(), [variable.value for variable in model.trainable_variables])
        for model, run in [
            (exact, lambda ids: exact(ids, training=True)),
            (plain, lambda ids: plain(ids, training=True)),
            (plain, StrongestAnswers(plain)),
        ]
    )
    np.testing.assert_allclose(found, features, rtol=0.05, atol=0.1)
    for wanted, usual, other in zip(gradients, halved, cheap, strict=True):
        # where two windows answer almost alike, rounding decides which of them learns
        assert np.linalg.norm(other - wanted) < 1.5 * np.linalg.norm(usual - wanted) + 0.05 * np.linalg.norm(wanted)


@pytest.mark.parametrize("settings", READ_TOKENS, ids=str)
def test_tokens_are_told_apart_where_nothing_changes_their_vectors(settings):
    found = branches(network(**settings))
    assert [layer.name for layer in found] == [f"pooling_{size}" for size in settings["kernel_sizes"]]
    assert {branch.embedding.name for branch in found.values()} == {"embedding"}


@pytest.mark.parametrize("settings", READ_VECTORS, ids=str)
def test_vectors_are_read_where_something_changes_them(settings):
    found = branches(network(**settings))
    assert len(found) == len(settings["kernel_sizes"])
    assert all(branch.embedding is None for branch in found.values())


@pytest.mark.parametrize("pooling", ["average", "both"])
def test_a_network_that_asks_for_all_answers_runs_as_it_is(pooling):
    assert not branches(network(pooling=pooling))


def test_a_convolution_that_something_else_reads_too_runs_as_it_is():
    model = network(kernel_sizes=(3,))
    convolution = model.get_layer("convolution_3")
    assert branches(model)
    mean = keras.layers.GlobalAveragePooling1D()(convolution.output)
    assert not branches(keras.Model(model.inputs, [model.output, mean]))
    assert not branches(keras.Model(model.inputs, [model.output, convolution.output]))


def test_other_networks_run_as_they_are():
    for name in ("bow", "char_cnn", "dpcnn", "rnn"):
        model = models.get(name)().build(vocabulary_size=VOCABULARY, num_classes=3).model
        assert not branches(keras.Model(model.inputs, model.get_layer("logits").input))


def test_what_a_network_is_saved_and_called_as_stays_the_same():
    model = models.get("word_cnn")(**SMALL).build(vocabulary_size=VOCABULARY, num_classes=3).model
    before, answers = model.get_config(), np.asarray(model(documents()))
    StrongestAnswers(keras.Model(model.inputs, model.get_layer("logits").input))(documents())
    assert model.get_config() == before
    np.testing.assert_array_equal(model(documents()), answers)
    assert model.get_layer("features").output is model.get_layer("logits").input
