"""The models that are put through every promise: each registered one, in a size that a laptop trains in seconds."""

from __future__ import annotations

import pytest

from kerascnn import list_models

SMALL = {
    "bow": {"ngram_buckets": 2**14},
    "char_cnn": {"ngram_buckets": 2**14},
    "dpcnn": {"filters": 32, "embedding_dim": 32},
    "vdcnn": {"length": 64, "hidden_units": 32},
    "word_cnn": {"ngram_buckets": 2**14},
    # the paper's first weights are made for its sizes, and vanish in a smaller network
    "zhang_char_cnn": {"length": 123, "filters": 64, "hidden_units": 64, "initial_deviation": 0.15},
}
"""Settings of the network where its defaults are too slow for a test; a model that is not named here takes those."""

APART = {"hub_cnn"}
"""Models that need more than a size, here a preset; ``tests/models/test_hub_cnn.py`` puts it through the promises."""

DESCRIPTORS = {name: SMALL.get(name, {}) for name in list_models() if name not in APART}

DEEP = {"vdcnn", "zhang_char_cnn"}
"""Models that take so long to train that whatever needs a trained one belongs to the second tier."""

every_model = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.full] if name in DEEP else []) for name in DESCRIPTORS]
)


def wanted(request, fixture):
    """The models of the selected tests that use a fixture of their file; all where none is of one model alone."""
    users = [item for item in request.session.items if item.path == request.path and fixture in item.fixturenames]
    items = [item for item in users if hasattr(item, "callspec")]
    return list(dict.fromkeys(item.callspec.params["name"] for item in items)) or list(DESCRIPTORS)


NORMALIZED = {"vdcnn"}
"""Models with batch normalization below rectifiers and maxima: where two numbers are all but equal rounding decides
which one learns, and a step later the networks of one device and of two differ by more than rounding."""

SLOW = {"dpcnn", "rnn", "transformer", "vdcnn", "zhang_char_cnn"}
"""Models that take long to make or to train; what trains or takes them apart anew belongs to the second tier."""


def slow(name):
    """The marks of a test that trains this model anew."""
    return [pytest.mark.full] if name in SLOW else []


every_model_anew = pytest.mark.parametrize("name", [pytest.param(name, marks=slow(name)) for name in DESCRIPTORS])
MAX_LENGTH = 48
"""Tokens of a document."""
