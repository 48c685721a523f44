"""Guarantees of every registered model and its main variants."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from kerascnn import models
from kerascnn.models import LayerRoles
from tests.conformance.descriptors import NETWORKS, NO_EXTRA, full_if_slow, model_name

VOCABULARY, CLASSES = 50, 3
VARIANTS = [
    *NETWORKS.items(),
    ("word_cnn", {"pooling": "both", "hidden_units": 8, "kernel_sizes": (2, 4), "max_norm": 3.0}),
    ("word_cnn", {"pooling": "average", "ngrams": (), "word_dropout": 0.2}),
    ("char_cnn", {"gate": "complementary", "hidden_units": (16, 8), "pool_size": 3, "blocks": 3, "kernel_size": 4}),
    ("char_cnn", {"pooling": "both", "ngrams": (), "pool_size": 1, "character_dropout": 0.2, "embedding_dim": 16}),
    ("rnn", {"units": 8, "cell": "lstm", "rnn_layers": 2, "pooling": "both"}),
    ("transformer", {"width": 8, "heads": 2, "blocks": 1, "pooling": "both"}),
    ("vdcnn", {"length": 70, "hidden_units": 32, "pooling": "convolution", "shortcuts": True}),
    ("vdcnn", {"length": 64, "hidden_units": 32, "pooling": "kmax", "depth": 17}),
]


def make_config(name, settings):
    return models.get(model_name(name))(**{**NETWORKS[name], **settings})


def build(name, settings):
    keras.utils.set_random_seed(1)
    return make_config(name, settings).build(vocabulary_size=VOCABULARY, num_classes=CLASSES)


@pytest.fixture(scope="module", params=VARIANTS, ids="{0[0]}-{0[1]}".format)
def variant(request):
    """Name and settings of each variant."""
    return request.param


@pytest.fixture(scope="module")
def built(variant):
    """Each variant, built once for the tests that do not change it."""
    return build(*variant)


@pytest.fixture(scope="module")
def model(built):
    return built.model


def make_documents(*lengths):
    rng = np.random.default_rng(2)
    width = max(1, *lengths)
    return np.array([[*rng.integers(1, VOCABULARY, n), *[0] * (width - n)] for n in lengths], "int32")


def test_logits_do_not_depend_on_padding(model):
    ids = make_documents(9, 8, 5, 2, 1, 0)
    narrow = np.asarray(model(ids))
    for padding in (1, 2, 3, 30):
        wide = np.asarray(model(np.pad(ids, [(0, 0), (0, padding)])))
        np.testing.assert_allclose(wide, narrow, rtol=0, atol=1e-5)


def test_logits_do_not_depend_on_other_documents_of_the_batch(model):
    ids = make_documents(9, 6, 3, 1)
    together = np.asarray(model(ids))
    for document, logits in zip(ids, together, strict=True):
        np.testing.assert_allclose(model(document[None, document > 0])[0], logits, rtol=0, atol=1e-5)


def test_logits_are_finite_for_one_token_unknown_tokens_and_no_token(model):
    unknown = np.ones((1, 4), "int32")
    for ids in (make_documents(1), unknown, make_documents(0)):
        assert np.isfinite(model(ids)).all()


def test_saved_model_returns_the_same_logits(model, tmp_path):
    ids = make_documents(9, 4, 0)
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(restored(ids), model(ids))


def test_features_are_the_input_of_the_output_layer(built):
    ids = make_documents(9, 4)
    features = built.encoder()(ids)
    kernel, bias = built.output_layer.get_weights()
    np.testing.assert_allclose(features @ kernel + bias, built.model(ids), rtol=0, atol=1e-5)
    assert built.head[-1] is built.output_layer


def test_roles_name_layers_of_the_model_and_survive_json(built):
    roles = built.roles.to_dict()
    assert {name for names in roles.values() for name in names} <= {layer.name for layer in built.model.layers}
    assert LayerRoles.from_dict(json.loads(json.dumps(roles))) == built.roles


def test_settings_tell_whether_there_is_a_sentence_vector(variant, built):
    assert bool(built.roles.sentence_vector) == models.get(model_name(variant[0])).has_sentence_vector


def test_sequence_outputs_have_one_vector_per_position(variant, built):
    assert not built.sequence_outputs
    config = make_config(*variant)
    built = config.build(vocabulary_size=VOCABULARY, num_classes=CLASSES, return_sequences=True)
    outputs = built.sequence_outputs
    assert bool(outputs) == models.get(model_name(variant[0])).has_sequence_outputs
    if outputs:
        model = keras.Model(built.model.input, list(outputs))
        shapes = [output.shape for output in keras.tree.flatten(model(make_documents(9, 4)))]
        assert {len(shape) for shape in shapes} == {3}
        assert sorted([shape[1] for shape in shapes], reverse=True) == [shape[1] for shape in shapes]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_logits_are_float32_and_finite_under_mixed_precision(name, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build(name, {}).model
    finally:
        keras.config.set_dtype_policy(before)
    logits = model(make_documents(9, 1, 0))
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.isfinite(logits).all()


@pytest.mark.parametrize(
    ("name", "settings"), [pytest.param(*variant, marks=full_if_slow(variant[0])) for variant in VARIANTS]
)
def test_stock_fit_learns_to_distinguish_three_words(name, settings):
    model = build(name, settings).model
    labels = np.arange(60) % CLASSES
    ids = make_documents(*[6] * 60) // 10 * 10 + 9
    ids[np.arange(60), np.arange(60) % 6] = labels + 2
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003 if name in ("sentence_cnn", "vdcnn") else 0.01), loss, jit_compile=False)
    model.fit(ids, labels, epochs=25, batch_size=20, verbose=0)
    assert (np.argmax(model(ids), axis=-1) == labels).mean() > 0.9


@pytest.mark.parametrize("name", [name for name in NETWORKS if "-" not in name and name not in NO_EXTRA])
def test_parameter_count_is_that_of_the_default_model(name):
    config = models.get(name)
    model = config().build(vocabulary_size=min(20_000, config.text.max_tokens), num_classes=2).model
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == config.parameter_count


@pytest.mark.parametrize(("filters", "hidden"), [(256, 1024), (1024, 2048)], ids=["small", "large"])
def test_zhang_char_cnn_has_the_parameters_of_the_paper_for_70_characters(filters, hidden):
    zhang = models.get("zhang_char_cnn")(filters=filters, hidden_units=hidden)
    convolutions = (7 * 70 + 1) * filters + (7 * filters + 1) * filters + 4 * (3 * filters + 1) * filters
    dense = (34 * filters + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * 4  # 34 positions, section 2.3
    assert zhang.build(vocabulary_size=70 + 2, num_classes=4).model.count_params() == convolutions + dense


@pytest.mark.parametrize(("depth", "millions"), [(9, 1.58), (17, 3.66), (29, 4.03), (49, 7.15)])
def test_vdcnn_has_its_documented_depth_and_convolution_weights(depth, millions):
    model = models.get("vdcnn")(depth=depth).build(vocabulary_size=72, num_classes=4).model
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
    assert len(convolutions) == depth
    assert round(sum(np.prod(layer.kernel.shape) for layer in convolutions) / 1e6, 2) == millions
