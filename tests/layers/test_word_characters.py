"""Character CNN of single words."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import WordCharacters

IDS = np.array(
    [[[7, 9, 4, 0, 0], [8, 0, 0, 0, 0], [0, 0, 0, 0, 0]], [[5, 6, 7, 8, 9], [9, 9, 0, 0, 0], [3, 1, 2, 0, 0]]]
)
"""Two sentences of three words, one of them padding."""


def build(**settings):
    layer = WordCharacters(input_dim=10, output_dim=4, filters=6, **settings)
    layer(IDS)
    return layer


@pytest.mark.parametrize("settings", [{}, {"kernel_size": 1}, {"kernel_size": 2}, {"kernel_size": 5, "blocks": 2}])
def test_training_computes_what_inference_computes(settings):
    layer, results = build(**settings), []
    for training in (True, False):
        with tf.GradientTape() as tape:
            vectors = layer(IDS.astype("int32"), training=training)
            loss = tf.reduce_sum(tf.sin(vectors))
        gradients = [tf.convert_to_tensor(x) for x in tape.gradient(loss, [w.value for w in layer.trainable_weights])]
        results.append([vectors, *gradients])
    for packed, padded in zip(*results, strict=True):
        np.testing.assert_allclose(packed, padded, atol=1e-5)


def test_vector_of_a_word_does_not_depend_on_its_padding_and_neighbours():
    layer = build()
    together = np.asarray(layer(IDS))
    np.testing.assert_allclose(np.asarray(layer(IDS[:1, :1, :3]))[0, 0], together[0, 0], atol=1e-6)
    assert not together[0, 2].any()


def test_sentences_of_padding_can_be_trained():
    assert not np.asarray(build()(np.zeros((2, 3, 5), "int32"), training=True)).any()
