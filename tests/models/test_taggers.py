"""Promises of every model with a label for each token."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn import list_models, list_taggers
from kerascnn.models import get

TAGGERS = list(list_taggers())
NUM_CHARACTERS = {"char_id_cnn": 0}
"""Ids of characters of a model of characters, which has none; other models have 100."""


def build(name, **settings):
    size = {"vocabulary_size": 50, "num_classes": 5, "num_characters": NUM_CHARACTERS.get(name, 100)}
    return get(name)(**settings).build(**size)


def draw_ids(model, lengths=(7, 3)):
    generator = np.random.default_rng(0)
    ids = generator.integers(1, 50, (len(lengths), max(lengths), *model.input_shape[2:])).astype(np.int32)
    for row, length in enumerate(lengths):
        ids[row, length:] = 0
    return ids


def compute_scores(model, ids):
    return np.asarray(keras.Model(model.input, model.get_layer("logits").output)(ids, training=False))


def test_taggers_are_apart_from_models_of_texts():
    assert not set(TAGGERS) & set(list_models())
    assert {"id_cnn", "char_id_cnn", "bilstm"} <= set(TAGGERS)


@pytest.mark.parametrize("name", TAGGERS)
def test_scores_do_not_depend_on_padding(name):
    model = build(name).model
    ids = draw_ids(model)
    together = compute_scores(model, ids)
    np.testing.assert_allclose(compute_scores(model, ids[1:, :3]), together[1:, :3], atol=1e-5)


@pytest.mark.parametrize("name", TAGGERS)
def test_file_gives_the_same_scores(name, tmp_path):
    model = build(name).model
    model.save(tmp_path / "model.keras")
    loaded, ids = keras.saving.load_model(tmp_path / "model.keras"), draw_ids(model)
    np.testing.assert_allclose(loaded(ids), model(ids), rtol=1e-5)


@pytest.mark.parametrize("name", TAGGERS)
def test_random_field_is_a_setting(name):
    assert build(name, crf=True).model.output_shape == (None, None, 5, 5)
    assert build(name, crf=False).model.output_shape == (None, None, 5)


@pytest.mark.parametrize("name", TAGGERS)
def test_parameter_count_is_that_of_the_default_model(name):
    config = get(name)
    size = min(20_000, config.text.max_tokens)
    characters = NUM_CHARACTERS.get(name, 100)
    model = config().build(vocabulary_size=size, num_classes=2, num_characters=characters).model
    assert model.count_params() == config.parameter_count


@pytest.mark.parametrize("name", TAGGERS)
def test_mixed_precision_has_float32_outputs(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build(name).model
    finally:
        keras.config.set_dtype_policy(before)
    assert model.output.dtype == "float32"
    assert np.isfinite(np.asarray(model(draw_ids(model)))).all()
