"""What every network promises, for each registered one and its main variants."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn import models

VOCABULARY, CLASSES = 50, 3
VARIANTS = [
    ("word_cnn", {}),
    ("word_cnn", {"pooling": "both", "hidden_units": 8, "kernel_sizes": (2, 4), "max_norm": 3.0}),
    ("word_cnn", {"pooling": "average", "ngrams": (), "word_dropout": 0.2}),
    ("char_cnn", {}),
    ("char_cnn", {"gate": "complementary", "hidden_units": (16, 8), "pool_size": 3, "blocks": 3, "kernel_size": 4}),
    ("char_cnn", {"pooling": "both", "ngrams": (), "pool_size": 1, "character_dropout": 0.2}),
    ("bow", {}),
    ("dpcnn", {"filters": 8, "embedding_dim": 8}),
    ("rnn", {"units": 8}),
    ("rnn", {"units": 8, "cell": "lstm", "rnn_layers": 2, "pooling": "both"}),
    ("transformer", {"width": 8, "hidden_units": 16}),
    ("transformer", {"width": 8, "heads": 2, "blocks": 1, "pooling": "max"}),
    ("zhang_char_cnn", {"filters": 8, "hidden_units": 8, "length": 123, "initial_deviation": 0.3}),
    ("vdcnn", {"hidden_units": 8, "length": 64}),
    ("vdcnn", {"hidden_units": 8, "length": 70, "pooling": "convolution", "shortcuts": True}),
    ("vdcnn", {"hidden_units": 8, "length": 64, "pooling": "kmax", "depth": 17}),
]
every_network = pytest.mark.parametrize(("name", "settings"), VARIANTS, ids=str)


def build(name, settings):
    keras.utils.set_random_seed(1)
    network = models.get(name)
    small = {"ngram_buckets": 97} if "ngram_buckets" in network.__dataclass_fields__ else {}
    return network(**small | settings).build(vocabulary_size=VOCABULARY, classes=CLASSES)


def parameters(model):
    return sum(np.prod(weight.shape) for weight in model.trainable_weights)


def documents(*lengths):
    rng = np.random.default_rng(2)
    width = max(1, *lengths)
    return np.array([[*rng.integers(1, VOCABULARY, n), *[0] * (width - n)] for n in lengths], "int32")


@every_network
def test_padding_changes_no_logit(name, settings):
    model, ids = build(name, settings), documents(9, 8, 5, 2, 1, 0)
    narrow = np.asarray(model(ids))
    for padding in (1, 2, 3, 30):
        wide = np.asarray(model(np.pad(ids, [(0, 0), (0, padding)])))
        np.testing.assert_allclose(wide, narrow, rtol=0, atol=1e-5)


@every_network
def test_a_document_is_answered_alone_as_in_a_batch(name, settings):
    model, ids = build(name, settings), documents(9, 6, 3, 1)
    together = np.asarray(model(ids))
    for document, logits in zip(ids, together, strict=True):
        np.testing.assert_allclose(model(document[None, document > 0])[0], logits, rtol=0, atol=1e-5)


@every_network
def test_one_token_and_none_get_finite_logits(name, settings):
    model = build(name, settings)
    assert np.isfinite(model(documents(1))).all()
    assert np.isfinite(model(documents(0))).all()


@every_network
def test_comes_back_from_a_file_with_the_same_answers(name, settings, tmp_path):
    model, ids = build(name, settings), documents(9, 4, 0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(ids), model(ids))


@every_network
def test_features_stand_under_the_logits(name, settings):
    model, ids = build(name, settings), documents(9, 4)
    features = keras.Model(model.inputs, model.get_layer("features").output)(ids)
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(features @ kernel + bias, model(ids), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["word_cnn", "char_cnn"])
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_logits_are_float32_and_finite_under_mixed_precision(name, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = build(name, {})
    finally:
        keras.config.set_dtype_policy(before)
    logits = model(documents(9, 1, 0))
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.isfinite(logits).all()


@every_network
def test_learns_to_tell_three_words_apart(name, settings):
    model = build(name, settings)
    labels = np.arange(60) % CLASSES
    ids = documents(*[6] * 60) // 10 * 10 + 9
    ids[np.arange(60), np.arange(60) % 6] = labels + 2
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    model.fit(ids, labels, epochs=25, batch_size=20, verbose=0)
    assert (np.argmax(model(ids), axis=-1) == labels).mean() > 0.9


def test_word_cnn_has_the_parameters_it_documents():
    model = build("word_cnn", {"embedding_dim": 10, "filters": 7, "kernel_sizes": (2, 3), "ngram_dim": 5})
    features = 2 * 7 + 5
    expected = (
        (VOCABULARY + 1) * 10
        + (2 * 10 + 1) * 7
        + (3 * 10 + 1) * 7
        + (VOCABULARY + 1 + 97) * 5
        + (features + 1) * CLASSES
    )
    assert parameters(model) == expected


@pytest.mark.parametrize(("gate", "halves"), [("glu", 2), ("complementary", 1)])
def test_char_cnn_has_the_parameters_it_documents(gate, halves):
    settings = {"embedding_dim": 10, "filters": 8, "kernel_size": 3, "blocks": 2, "ngram_dim": 5, "gate": gate}
    model = build("char_cnn", settings)
    blocks = halves * 8 * (3 * 10 + 1) + 10 * 8 + halves * 8 * (3 * 8 + 1)
    expected = (VOCABULARY + 1) * 10 + blocks + (VOCABULARY + 1 + 97) * 5 + (8 + 5 + 1) * CLASSES
    assert parameters(model) == expected


def test_bow_has_the_parameters_it_documents():
    assert parameters(build("bow", {"ngram_dim": 5})) == (VOCABULARY + 1 + 97) * 5 + (5 + 1) * CLASSES


@pytest.mark.parametrize(("cell", "weights"), [("lstm", 2 * 4 * 6 * (10 + 6 + 1)), ("gru", 2 * 3 * 6 * (10 + 6 + 2))])
def test_rnn_has_the_parameters_it_documents(cell, weights):
    model = build("rnn", {"cell": cell, "embedding_dim": 10, "units": 6})
    assert parameters(model) == VOCABULARY * 10 + weights + (2 * 6 + 1) * CLASSES


def test_transformer_has_the_parameters_it_documents():
    model = build("transformer", {"width": 8, "hidden_units": 12, "blocks": 3})
    block = 4 * 8 * 9 + 2 * 8 * 12 + 12 + 8 + 4 * 8
    assert parameters(model) == VOCABULARY * 8 + 3 * block + 2 * 8 + 9 * CLASSES


def test_dpcnn_has_the_parameters_it_documents():
    model = build("dpcnn", {"embedding_dim": 10, "filters": 6, "region_size": 5, "blocks": 4})
    assert parameters(model) == VOCABULARY * 10 + (5 * 10 + 1) * 6 + 4 * 2 * (3 * 6 + 1) * 6 + 7 * CLASSES


@pytest.mark.parametrize(("filters", "hidden"), [(256, 1024), (1024, 2048)], ids=["small", "large"])
def test_zhang_char_cnn_has_the_parameters_of_the_paper_with_its_70_characters(filters, hidden):
    network = models.get("zhang_char_cnn")(filters=filters, hidden_units=hidden)
    model = network.build(vocabulary_size=70 + 2, classes=4)
    convolutions = (7 * 70 + 1) * filters + (7 * filters + 1) * filters + 4 * (3 * filters + 1) * filters
    dense = (34 * filters + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * 4  # 34 positions, section 2.3
    assert parameters(model) == convolutions + dense


@pytest.mark.parametrize(("depth", "millions"), [(9, 1.58), (17, 3.67), (29, 4.03), (49, 7.15)])
def test_vdcnn_has_the_depth_and_the_convolution_weights_it_documents(depth, millions):
    model = models.get("vdcnn")(depth=depth).build(vocabulary_size=72, classes=4)
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D)]
    assert len(convolutions) == depth
    assert round(sum(np.prod(layer.kernel.shape) for layer in convolutions) / 1e6, 2) == millions
