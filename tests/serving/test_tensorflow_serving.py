"""The REST interface of TensorFlow Serving: answers have the outputs of the exported signatures."""

import base64
import json

import numpy as np
import pytest

from kerascnn.serving.tensorflow_serving import CLASSIFY_SIGNATURE, SIGNATURES

ODD = ["", " ", "\ud800 lone surrogate", "好" * 500, "a\x00b"]


def post(client, content, name="news", verb="predict"):
    body = content if isinstance(content, (bytes, str)) else json.dumps(content)
    return client.post(f"/v1/models/{name}:{verb}", content=body)


def answer(*arguments, **options):
    response = post(*arguments, **options)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("name", ["news", "briefs"])
def test_rows_and_columns_have_the_outputs_of_the_saved_model(name, server, news):
    from kerascnn.export.saved_model import ServingSignatures

    texts, model = [*news[0][:4], *ODD], server.models[name].classifier
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    expected = {key: value.numpy() for key, value in ServingSignatures(model.bundle_).serving_default(encoded).items()}
    columns = answer(server.client, {"inputs": {"text": texts}}, name=name)["outputs"]
    assert set(columns) == set(expected)
    np.testing.assert_allclose(columns.pop("probabilities"), expected.pop("probabilities"), atol=1e-5)
    for key, values in columns.items():
        found = [[cell.decode() if isinstance(cell, bytes) else cell for cell in np.atleast_1d(row).tolist()]
                 for row in expected[key]]  # fmt: skip
        assert [value if isinstance(value, list) else [value] for value in values] == found
    for body in (texts, [{"text": text} for text in texts], [{"b64": base64.b64encode(t).decode()} for t in encoded]):
        rows = answer(server.client, {"instances": body}, name=name)["predictions"]
        assert [{key: row[key] for key in columns} for row in rows] == [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
        np.testing.assert_allclose([row["probabilities"] for row in rows], model.predict_proba(texts), atol=1e-5)
    plain = answer(server.client, {"inputs": texts, "signature_name": "serving_default"}, name=name)["outputs"]
    assert {key: plain[key] for key in columns} == columns


@pytest.mark.parametrize("name", ["news", "briefs"])
def test_ids_have_the_outputs_of_their_texts(name, server, news):
    texts = news[0][:5]
    ids = server.models[name].classifier.bundle_.vectorizer(texts).numpy().tolist()
    by_text = answer(server.client, {"inputs": texts}, name=name)["outputs"]
    by_ids = answer(server.client, {"inputs": ids, "signature_name": "ids"}, name=name)["outputs"]
    np.testing.assert_allclose(by_ids.pop("probabilities"), by_text.pop("probabilities"), atol=1e-5)
    assert by_ids == by_text
    rows = answer(server.client, {"instances": [{"ids": row} for row in ids], "signature_name": "ids"}, name=name)
    assert [row["classes"] for row in rows["predictions"]] == by_text["classes"]
    for empty, size in (([], 0), ([[]], 1)):
        outputs = answer(server.client, {"inputs": empty, "signature_name": "ids"}, name=name)["outputs"]
        assert len(outputs["probabilities"]) == size
    response = post(server.client, {"inputs": [[1]] * 31, "signature_name": "ids"}, name=name)
    assert response.status_code == 413 and "--max-texts" in response.json()["error"]


def test_top_k_and_classify_have_the_labels_of_the_classifier(server, news):
    texts, classifier = news[0][:3], server.models["news"].classifier
    for k in (1, 2, 1000):
        body = {"signature_name": "top_k", "inputs": {"text": texts, "k": k}}
        outputs, expected = answer(server.client, body)["outputs"], classifier.predict_top_k(texts, k)
        assert outputs["labels"] == [[label for label, _ in row] for row in expected]
        np.testing.assert_allclose(outputs["scores"], [[score for _, score in row] for row in expected], atol=1e-6)
    body = {"signature_name": "examples", "examples": [{"text": texts[0]}, {"text": [texts[1]]}, {}]}
    results = answer(server.client, body, verb="classify")["results"]
    assert [[label for label, _ in row] for row in results] == [list(classifier.classes_)] * 3
    expected = classifier.predict_proba([*texts[:2], ""])
    np.testing.assert_allclose([[score for _, score in row] for row in results], expected, atol=1e-6)


def test_signatures_are_those_of_the_export(server):
    import inspect

    from kerascnn.export.saved_model import ServingSignatures

    for name, inputs in {**SIGNATURES, CLASSIFY_SIGNATURE: ("inputs",)}.items():
        parameters = inspect.signature(getattr(ServingSignatures, name)).parameters
        assert sorted(set(parameters) - {"self"}) == sorted(inputs)


def test_status_and_versions(client):
    status = {"error_code": "OK", "error_message": ""}
    expected = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": status}]}
    for path in ("/v1/models/news", "/v1/models/news/versions/1"):
        assert client.get(path).json() == expected
    assert client.post("/v1/models/news/versions/1:predict", json={"instances": ["a"]}).status_code == 200
    for path in ("news/versions/2", "missing"):
        assert client.get(f"/v1/models/{path}").status_code == 404
        response = client.post(f"/v1/models/{path}:predict", json={"instances": ["a"]})
        assert response.status_code == 404 and response.json()["error"].startswith("Servable not found for request")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "JSON Parse error"),
        (b"{", "JSON Parse error"),
        (b'{"instances": ["\xff"]}', "JSON Parse error"),
        (b"[" * 15_000, "JSON Parse error"),
        (b'{"instances": ' + b"9" * 10_000 + b"}", "JSON Parse error"),
        ([], "Is not object"),
        ("null", "Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": ["a"], "inputs": ["a"]}, "only one of"),
        ({"instances": []}, "list with values"),
        ({"instances": "a"}, "list with values"),
        ({"instances": {"text": "a"}}, "list with values"),
        ({"instances": [1]}, "element 0 of the input text: JSON Value: 1 is not of expected type: string"),
        ({"instances": ["a", None]}, "element 1"),
        ({"instances": [["a"]]}, "not of expected type: string"),
        ({"instances": ["a", {"text": "b"}]}, "process element: 1"),
        ({"instances": [{"text": "a"}, "b"]}, "process element: 1"),
        ({"instances": [{"document": "a"}]}, "keys must be equal to: text"),
        ({"instances": [{"text": "a", "k": 1}]}, "keys must be equal to: text"),
        ({"instances": [{"b64": "*"}]}, "base64"),
        ({"instances": [{"b64": 1}]}, "keys must be equal to: text"),
        ({"inputs": "a"}, "list of strings"),
        ({"inputs": {"document": ["a"]}}, "Missing named input: text"),
        ({"inputs": None}, "list of strings"),
        ({"signature_name": 1, "instances": ["a"]}, "'signature_name' key must be a string"),
        ({"signature_name": "x", "instances": ["a"]}, "not found in signature def"),
        ({"signature_name": "\ud800", "instances": ["a"]}, r"'\ud800' not found in signature def"),
        ({"signature_name": "x" * 10_000, "instances": ["a"]}, "xxx' not found in signature def"),
        *(({"signature_name": "ids", "inputs": ids}, complaint) for ids, complaint in (
            ("a", "list of lists"), ([1], "list of lists"), ([[1], [2, 3]], "element 1 of the input ids has 2 ids"),
            ([[1, -1]], "-1 is not an id from 0 to"), ([[10**6]], "not an id"), ([[1.0]], "not an id"),
            ([[True]], "not an id"), ([["1"]], "not an id"), ([[10**30]], "not an id"),
        )),
        ({"signature_name": "top_k", "instances": ["a"]}, "the inputs are k, text"),
        ({"signature_name": "top_k", "instances": [{"text": "a", "k": 1}]}, "one whole number"),
        ({"signature_name": "top_k", "inputs": {"text": ["a"], "k": 1.5}}, "one whole number"),
        ({"signature_name": "top_k", "inputs": {"text": ["a"], "k": True}}, "one whole number"),
        ({"signature_name": "top_k", "inputs": {"text": ["a"]}}, "Missing named input: k"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_malformed_request_is_answered_with_400_and_the_reason(content, complaint, client):
    response = post(client, content)
    assert response.status_code == 400
    assert list(response.json()) == ["error"] and complaint in response.json()["error"]


@pytest.mark.parametrize(
    "content", [{}, {"examples": [{"text": "a"}]}, *({"signature_name": "examples", "examples": value} for value in (
        None, [], {}, ["a"], [{"text": 1}], [{"text": ["a", "b"]}], [None]))]
)  # fmt: skip
def test_malformed_examples_are_answered_with_400(content, client):
    response = post(client, content, verb="classify")
    assert response.status_code == 400 and list(response.json()) == ["error"]


@pytest.mark.parametrize("name", ["news", "briefs"])
def test_metadata_describes_the_outputs_of_the_saved_model(name, server):
    import tensorflow as tf

    from kerascnn.export.saved_model import ServingSignatures

    metadata = server.client.get(f"/v1/models/{name}/metadata").json()
    assert metadata["model_spec"] == {"name": name, "signature_name": "", "version": "1"}
    described = metadata["metadata"]["signature_def"]["signature_def"]
    signatures, texts = ServingSignatures(server.models[name].classifier.bundle_), tf.constant(["a", "b"])
    example = tf.train.Example().SerializeToString()
    for signature, inputs in {
        "serving_default": {"text": texts},
        "ids": {"ids": tf.constant([[1, 2], [3, 4]])},
        "top_k": {"text": texts, "k": tf.constant(3)},
        "examples": {"inputs": tf.constant([example, example])},
    }.items():
        outputs = getattr(signatures, signature)(**inputs)
        for found, expected in ((described[signature]["inputs"], inputs), (described[signature]["outputs"], outputs)):
            assert found.keys() == expected.keys()
            for key, tensor in expected.items():
                assert (
                    found[key]["dtype"] == f"DT_{'FLOAT' if tensor.dtype == tf.float32 else tensor.dtype.name.upper()}"
                )
                sizes = [int(dim["size"]) for dim in found[key]["tensor_shape"]["dim"]]
                assert len(sizes) == len(tensor.shape)
                assert all(size in (-1, known) for size, known in zip(sizes, tensor.shape, strict=True))
    assert server.client.get("/v1/models/missing/metadata").status_code == 404
