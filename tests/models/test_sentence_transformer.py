"""``sentence_transformer``: the vector of a text, and what trains."""

import json
import shutil

import keras
import numpy as np
import pytest

from kerascnn import models
from kerascnn.encoders import minilm
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_preset import tiny_preset

pytest.importorskip("keras_hub")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs the TensorFlow backend")


def build(**settings):
    config = models.get("sentence_transformer")(**settings)
    return config, config.build(vocabulary_size=0, num_classes=3)


def output_of(built, name):
    return keras.Model(built.model.input, built.model.get_layer(name).output)


def test_vector_is_the_normalized_mean_of_the_outputs_of_all_tokens():
    _, built = build(preset=tiny_preset())
    ids = np.array([[40, 9, 11, 0], [7, 0, 0, 0]], "int32")
    [vectors], tokens = [output_of(built, name) for name in built.roles.sentence_vector], output_of(built, "encoder")
    for found, outputs, length in zip(vectors(ids), np.asarray(tokens(ids)), (5, 3), strict=True):
        mean = outputs[:length].mean(axis=0)
        np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)


def pooled_preset(folder, **modes):
    """Return a copy of the tiny preset as sentence-transformers saves it."""
    shutil.copytree(tiny_preset(), folder / "preset")
    (folder / "preset" / "1_Pooling").mkdir()
    modes = {"word_embedding_dimension": 8, **{f"pooling_mode_{name}": value for name, value in modes.items()}}
    (folder / "preset" / "1_Pooling" / "config.json").write_text(json.dumps(modes))
    return str(folder / "preset")


def test_vector_is_that_of_the_first_token_if_the_preset_says_so(tmp_path):
    _, built = build(preset=pooled_preset(tmp_path, cls_token=True, mean_tokens=False))
    ids = np.array([[40, 9, 11, 0], [7, 0, 0, 0]], "int32")
    [vectors], tokens = [output_of(built, name) for name in built.roles.sentence_vector], output_of(built, "encoder")
    first = np.asarray(tokens(ids))[:, 0]
    np.testing.assert_allclose(vectors(ids), first / np.linalg.norm(first, axis=1, keepdims=True), atol=1e-6)
    built.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(ids), built.model(ids))


def test_other_ways_to_make_a_vector_are_named(tmp_path):
    with pytest.raises(InputError, match="pooling_mode_lasttoken; supported are pooling_mode_mean_tokens or"):
        build(preset=pooled_preset(tmp_path, lasttoken=True))


@pytest.mark.parametrize("fine_tune", [False, True])
def test_head_and_on_request_the_encoder_are_trained(fine_tune):
    _, built = build(preset=tiny_preset(), fine_tune=fine_tune)
    encoder = built.model.get_layer("encoder")
    assert len(built.model.trainable_weights) == 2 + fine_tune * len(encoder.weights)


@pytest.mark.full
@pytest.mark.skipif(not minilm.PACKAGE.is_installed(), reason=minilm.PACKAGE.install)
def test_minilm_has_the_vectors_of_sentence_transformers():
    config, built = build()
    vocabulary = config.pretrained_vocabulary(config.text)
    vectorizer = Vectorizer(vocabulary.settings, vocabulary.tokens)
    expected = {
        "How far is it from Denver to Aspen ?": [0.12620, -0.02902, 0.02260, 0.01691, -0.00649],
        "A film.": [-0.06980, 0.01419, -0.05837, 0.03601, -0.03091],
    }
    vectors = output_of(built, "sentence_vector")
    for text, first in expected.items():
        found = np.asarray(vectors(np.array([vectorizer.encode_text(text)])))[0]
        np.testing.assert_allclose(found[:5], first, atol=5e-4)
