"""The routes of the server: predictions for people, limits, errors, metrics, the page."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.documents import ROOT


def test_predict_answers_one_text_and_several_as_the_classifier(server, news):
    texts, classifier = news[0][:5], server.models["news"].classifier
    response = server.client.post("/predict", json={"texts": texts, "model": "news"})
    assert response.status_code == 200 and response.json()["model"] == "news"
    predictions = response.json()["predictions"]
    assert [row["label"] for row in predictions] == classifier.predict(texts).tolist()
    for row, expected in zip(predictions, classifier.predict_top_k(texts, 5), strict=True):
        assert [item["label"] for item in row["probabilities"]] == [label for label, _ in expected]
        scores = [score for _, score in expected]
        np.testing.assert_allclose([item["probability"] for item in row["probabilities"]], scores, atol=2e-6)
        assert row["probability"] == row["probabilities"][0]["probability"]
        assert set(row) == {"label", "probability", "probabilities"}
    # as curl sends it without a header, and with the number of labels
    body = json.dumps({"text": texts[0], "top_k": 2, "model": "news"})
    [row] = server.client.post(
        "/predict", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    ).json()["predictions"]
    assert row["probabilities"] == predictions[0]["probabilities"][:2]
    assert server.client.post("/predict", json={"texts": [], "model": "news"}).json()["predictions"] == []


def test_predict_answers_with_labels_and_thresholds_of_a_multi_label_model(server, briefs):
    classifier = server.models["briefs"].classifier
    texts = briefs[0][:20]
    predictions = server.client.post("/predict", json={"texts": texts, "model": "briefs"}).json()["predictions"]
    expected = [[label for label, _ in row] for row in classifier.predict_scored(texts)]
    assert [row["labels"] for row in predictions] == expected
    thresholds = dict(zip(classifier.classes_, classifier.bundle_.thresholds, strict=True))
    for row in predictions:
        assert set(row) == {"labels", "probabilities"}
        assert all(abs(item["threshold"] - thresholds[item["label"]]) < 1e-6 for item in row["probabilities"])


def test_concurrent_requests_share_batches_and_get_their_own_answers(start_server, news):
    with start_server(batch_window_ms=50).client as client, ThreadPoolExecutor(12) as pool:
        texts = news[0][:60]
        responses = list(pool.map(lambda text: client.post("/predict", json={"text": text, "top_k": 1}), texts))
        together = client.post("/predict", json={"texts": texts, "top_k": 1}).json()["predictions"]
        for response, row in zip(responses, together, strict=True):
            [found] = response.json()["predictions"]
            assert found["label"] == row["label"] and abs(found["probability"] - row["probability"]) < 1e-5
        metrics = client.get("/metrics").text
    assert 'kerascnn_texts_total{model="news"} 120.0' in metrics
    assert float(re.search(r'kerascnn_batch_texts_count{model="news"} (\S+)', metrics)[1]) < 40


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        ({"text": "a" * 25_000}, 413, "--max-body-bytes"),
        ({"text": "a" * 2001}, 413, "text 0 has 2,001 characters; this server accepts up to 2,000 (--max-text-char"),
        ({"texts": ["a"] * 31}, 413, "31 texts; this server accepts up to 30 in a request (--max-texts)"),
        ({"text": "a", "model": "news."}, 404, "there are news, briefs"),
        ({"text": "a", "texts": ["a"]}, 400, 'give {"text": "..."} or {"texts"'),
        ({}, 400, 'give {"text": "..."} or {"texts"'),
        ({"text": 1}, 400, "text: Input should be a valid string"),
        ({"texts": ["a", 1]}, 400, "texts.1: Input should be a valid string"),
        ({"text": "a", "top_k": 0}, 400, "top_k: Input should be greater than or equal to 1"),
        ({"text": "a", "topk": 1}, 400, "topk: Extra inputs are not permitted"),
        ([], 400, "Is not object"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_limits_and_malformed_requests_have_a_clear_4xx(body, status, complaint, client):
    if isinstance(body, dict):
        body = {"model": "news", **body}
    response = client.post("/predict", json=body)
    assert response.status_code == status
    assert list(response.json()) == ["error"] and complaint in response.json()["error"]
    if status == 413:
        instances = body.get("texts") or [body["text"]]
        assert client.post("/v1/models/news:predict", json={"instances": instances}).status_code == status


def test_body_without_declared_size_is_limited_too(client):
    response = client.post("/predict", content=(b"x" * 1000 for _ in range(100)))
    assert response.status_code == 413 and "20,000 bytes" in response.json()["error"]
    for body in (b"", b"{", b"\xff"):
        response = client.post("/predict", content=body)
        assert response.status_code == 400 and list(response.json()) == ["error"]
    for key in ("\\ud800", "a" * 10_000):
        response = client.post("/predict", content=f'{{"{key}": 1, "model": "news"}}')
        assert response.status_code == 400 and len(response.text) < 200
    for body in (b'\xef\xbb\xbf{"text": "a", "model": "news"}', b'{"text": "\\ud800", "model": "news"}'):
        assert client.post("/predict", content=body).status_code == 200


def test_model_is_required_if_there_are_several(client):
    response = client.post("/predict", json={"text": "a"})
    assert response.status_code == 400 and "name one of news, briefs" in response.json()["error"]


def test_unknown_path_and_method_are_errors_of_the_same_form(client):
    for response, status in ((client.get("/missing"), 404), (client.get("/predict"), 405), (client.post("/"), 405)):
        assert response.status_code == status and "/docs" in response.json()["error"]
    assert len(client.get("/" + "a" * 5000).text) < 200


def test_failure_of_the_model_is_answered_with_500_and_affects_one_request(start_server, monkeypatch):
    started = start_server(batch_window_ms=100)
    predict = started.models["news"].batcher._predict_fn

    def fail(texts):
        if "bad" in texts:
            raise RuntimeError("secret path")
        return predict(texts)

    monkeypatch.setattr(started.models["news"].batcher, "_predict_fn", fail)
    with started.client as client, ThreadPoolExecutor(3) as pool:
        responses = list(pool.map(lambda text: client.post("/predict", json={"text": text}), ["a", "bad", "b"]))
    assert [response.status_code for response in responses] == [200, 500, 200]
    assert "secret" not in responses[1].text and list(responses[1].json()) == ["error"]


def test_requests_beyond_the_queue_are_answered_with_503(start_server, monkeypatch):
    import threading

    started, release = start_server(max_waiting_texts=4, batch_window_ms=0), threading.Event()
    batcher = started.models["news"].batcher
    predict = batcher._predict_fn
    monkeypatch.setattr(batcher, "_predict_fn", lambda texts: (release.wait(20), predict(texts))[1])
    with started.client as client, ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(client.post, "/predict", json={"texts": ["a", "b"]}) for _ in range(8)]
        while sum(future.done() for future in waiting) < 4:  # one batch is predicted, two requests wait
            release.wait(0.02)
        release.set()
        responses = [future.result() for future in waiting]
    statuses = [response.status_code for response in responses]
    assert set(statuses) == {200, 503} and statuses.count(200) >= 3
    assert all(response.headers["retry-after"] == "1" for response in responses if response.status_code == 503)


def test_health_and_metrics(server):
    client = server.client
    assert client.get("/healthz").json() == {"status": "ok", "models": ["news", "briefs"]}
    client.get("/v1/models/some-name")
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=")
    assert 'kerascnn_requests_total{route="/healthz",status="200"}' in metrics.text
    assert 'kerascnn_requests_total{route="/v1/models/{name}",status="404"}' in metrics.text
    assert "some-name" not in metrics.text, "paths would make any number of metrics"
    assert 'kerascnn_waiting_texts{model="news"} 0.0' in metrics.text
    server.state.is_stopping = True
    try:
        stopping = client.get("/healthz")
        assert stopping.status_code == 503 and stopping.headers["connection"] == "close"
        assert client.post("/predict", json={"text": "a", "model": "news"}).status_code == 200
    finally:
        server.state.is_stopping = False


def test_page_and_interface(client):
    page = client.get("/")
    assert page.status_code == 200 and "script-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text and " style=" not in page.text
    files = re.findall(r'(?:src|href)="(\w+\.\w+)"', page.text)
    assert len(files) == 3 and all(client.get(f"/{name}").status_code == 200 for name in files)
    interface = client.get("/openapi.json").json()
    assert {"/predict", "/healthz", "/v1/models/{name}:predict", "/metrics"} <= set(interface["paths"])
    body = interface["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"text", "texts", "top_k", "model"} == set(body["properties"])
    assert client.get("/docs").status_code == 200


def test_requests_of_the_documentation_work(start_server):
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    requests = re.findall(r"curl http://localhost:8501(\S+) -d '(.*?)'", page)
    assert len(requests) == 2, "one of this server, one of TensorFlow Serving"
    with start_server().client as client:
        for path, body in requests:
            response = client.post(path, content=body)
            assert response.status_code == 200 and len(response.json()["predictions"]) in (1, 2)
