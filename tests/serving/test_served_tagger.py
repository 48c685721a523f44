"""The answers of the server for a tagger."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from kerascnn import TokenClassifier
from kerascnn.serving.app import build_app, load_model
from kerascnn.serving.config import ServingConfig
from kerascnn.serving.middleware import ServerState
from tests.tagged import SENTENCES, TAGS

TEXT = "Anna met Bob Miller in Rome."


@pytest.fixture(scope="module")
def tagger():
    settings = {"embedding_dim": 16, "character_filters": 16, "filters": 32, "epochs": 6, "min_count": 1}
    return TokenClassifier(**settings, learning_rate=0.01).fit(SENTENCES, TAGS, validation_data=(SENTENCES, TAGS))


@pytest.fixture(scope="module")
def client(tagger, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "tags"
    tagger.save(folder)
    config, state = ServingConfig(max_texts=4, max_text_characters=200), ServerState()
    models = {"tags": load_model("tags", folder, config, state.metrics)}
    with TestClient(build_app(models, config, state), raise_server_exceptions=False) as client:
        yield client


def test_predict_returns_tokens_and_entities(client, tagger):
    answer = client.post("/predict", json={"text": TEXT}).json()
    [entities], [tokens] = tagger.predict_entities([TEXT]), tagger.predict_tokens([TEXT])
    [found] = answer["predictions"]
    assert [(e["text"], e["label"], e["start"], e["end"]) for e in found["entities"]] == [e[:4] for e in entities]
    assert [(t["text"], t["tag"]) for t in found["tokens"]] == [(t.text, t.tag) for t in tokens]
    assert client.post("/predict", json={"texts": ["", TEXT]}).json()["predictions"][0]["tokens"] == []
    assert client.post("/predict", json={"texts": [TEXT] * 5}).status_code == 413
    assert "up to 200" in client.post("/predict", json={"text": "a" * 201}).json()["error"]


def test_signatures_are_those_of_the_saved_model(client, tagger):
    def predict(**body):
        return client.post("/v1/models/tags:predict", json=body).json()

    sentences = [["Anna", "met", "Bob"], ["Rome", "", ""]]
    outputs = predict(inputs={"tokens": sentences})["outputs"]
    assert outputs["tags"] == [tagger.predict([sentences[0]])[0], [tagger.predict([["Rome"]])[0][0], "", ""]]
    [row] = predict(signature_name="text", instances=[TEXT])["predictions"]
    assert row["tokens"][:2] == ["Anna", "met"]
    assert (row["starts"][1], row["ends"][1]) == (5, 8)
    assert "an empty token before the end" in predict(inputs={"tokens": [["", "a"]]})["error"]
    assert "not found in signature def" in predict(signature_name="ids", inputs=[1])["error"]
    assert "no classes" in client.post("/v1/models/tags:classify", json={}).json()["error"]
    signatures = client.get("/v1/models/tags/metadata").json()["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "text"}
