"""The models of the conformance tests: every registered model and variant, in a size that trains in seconds."""

from __future__ import annotations

import pytest

from kerascnn import list_models, list_taggers
from tests.encoders.tiny_encoder import tiny_sentence_encoder
from tests.encoders.tiny_preset import tiny_preset

SMALL = {
    "bow-learned": {"ngrams": (1, 2), "ngram_buckets": 2**14},
    "char_cnn": {"ngram_buckets": 2**14, "linear_ngrams": (1, 2, 3)},
    "dpcnn": {"filters": 32, "embedding_dim": 32},
    "hub_cnn": {"preset": tiny_preset(), "filters": 64, "dropout": 0.1, "fine_tune": True, "fine_tune_dropout": 0.0},
    "sentence_cnn": {"weights": tiny_sentence_encoder()},
    "sentence_transformer": {"preset": tiny_preset(), "fine_tune": True, "fine_tune_dropout": 0.0},
    "vdcnn": {"length": 64, "hidden_units": 32},
    "word_cnn": {"ngram_buckets": 2**14, "linear_ngrams": (1, 2)},
    # the initial weights of the paper suit its sizes; in a smaller model they are too small
    "zhang_char_cnn": {"length": 123, "filters": 64, "hidden_units": 64, "initial_stddev": 0.15},
}
"""Settings of models that are too slow for a test with their defaults, and of variants (MODEL-VARIANT).

Other models have their defaults."""

NO_EXTRA = {"hub_cnn", "sentence_transformer"}
"""Models whose default encoder is in a package that no extra installs, because it requires PyTorch."""

DESCRIPTORS = {name: SMALL.get(name, {}) for name in sorted({*list_models(), *SMALL})}

NETWORKS = {name: settings for name, settings in DESCRIPTORS.items() if name != "bow"}
"""Models with trainable weights; ``bow`` alone is a linear classifier, which is solved."""

TAGGERS = {name: {"embedding_dim": 16, "character_filters": 16, "ngram_buckets": 512} for name in list_taggers()}
"""Models with a label for each token."""

DEEP = {"hub_cnn", "vdcnn", "zhang_char_cnn"}
"""Models that train so slowly that tests of the trained model are in the second tier."""

SLOW = {"dpcnn", "hub_cnn", "rnn", "sentence_transformer", "transformer", "vdcnn", "zhang_char_cnn"}
"""Models for which tests that train another model, or split one, are in the second tier."""

BATCH_NORMALIZED = {"vdcnn"}
"""Models with batch normalization before ReLU and maxima. Where two values are almost equal, rounding decides which one
gets the gradient, and after one step, training on one and on two devices differs by more than rounding."""

MAX_LENGTH = 48
"""Maximum number of tokens per document."""


def model_name(name):
    """Return the name of the model of a variant."""
    return name.partition("-")[0]


def full_if_slow(name):
    """Return the marks of a test that trains this model again."""
    return [pytest.mark.full] if name in SLOW else []


every_tagger_full_if_slow = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "id_cnn" else [pytest.mark.full]) for name in TAGGERS]
)
"""For tests that train a tagger."""

every_model = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] if name in DEEP else []) for name in DESCRIPTORS]
)
"""For tests that share one trained model."""

every_model_full_if_slow = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=full_if_slow(name)) for name in DESCRIPTORS]
)
"""For tests that train or split a model themselves."""

every_network_full_if_slow = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=full_if_slow(name)) for name in NETWORKS]
)
"""For tests of training by epochs."""


def selected_models(request, fixture):
    """Return the models of the selected tests that use a fixture of their file; all models if no test has a model."""
    users = [item for item in request.session.items if item.path == request.path and fixture in item.fixturenames]
    items = [item for item in users if hasattr(item, "callspec")]
    return list(dict.fromkeys(item.callspec.params["name"] for item in items)) or list(DESCRIPTORS)
