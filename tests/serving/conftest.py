"""Served bundles: one label per news text, and any number of labels per brief."""

from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from kerascnn import TextClassifier
from kerascnn.serving.app import build_app
from kerascnn.serving.config import ServingConfig
from kerascnn.serving.middleware import ServerState
from kerascnn.serving.served_model import ServedModel

SMALL = {"model": "word_cnn", "epochs": 4, "learning_rate": 0.01, "filters": 16, "ngram_buckets": 4096, "refit_rows": 0}


@pytest.fixture(scope="session")
def classifiers(news, briefs):
    """Trained classifiers by name."""
    return {
        "news": TextClassifier(**SMALL, max_length=64).fit(*news),
        "briefs": TextClassifier(model="bow").fit(*briefs),
    }


@pytest.fixture(scope="session")
def bundles(classifiers, tmp_path_factory):
    """Folders of their bundles."""
    place = tmp_path_factory.mktemp("served")
    for name, classifier in classifiers.items():
        classifier.save(place / name)
    return {name: place / name for name in classifiers}


@pytest.fixture(scope="session")
def start_server(classifiers):
    """Return a function that builds a server with some settings, and a client for it."""

    def start(names=("news",), **settings):
        config, state = ServingConfig(**settings), ServerState()
        models = {name: ServedModel.build(name, classifiers[name], config, state.metrics) for name in names}
        client = TestClient(build_app(models, config, state), raise_server_exceptions=False)
        return SimpleNamespace(client=client, models=models, state=state)

    return start


@pytest.fixture(scope="session")
def server(start_server):
    """A running server of both bundles, with small limits."""
    started = start_server(
        ("news", "briefs"), max_body_bytes=20_000, max_texts=30, max_text_characters=2000, batch_window_ms=1.0
    )
    with started.client:
        yield started


@pytest.fixture(scope="session")
def client(server):
    return server.client
