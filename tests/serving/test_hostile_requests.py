"""Requests that no client would send: each is answered with 200 or a 4xx that says why."""

import json

from hypothesis import strategies as st

from tests.tiers import check_examples, tiers

TEXTS = st.text(st.characters(), max_size=20)  # also halves of surrogate pairs, which JSON may have
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just({"b64": "YQ=="}),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "k", "b64", "examples", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = ("instances", "inputs", "signature_name", "examples", "context", "text", "texts", "top_k", "model")
FIELDS = st.dictionaries(
    st.sampled_from(KEYS) | TEXTS, VALUES | st.sampled_from(["top_k", "examples", "news", ["a"], 1])
)
BODIES = st.binary(max_size=200) | (VALUES | FIELDS).map(lambda value: json.dumps(value).encode())
PATHS = st.sampled_from(
    ["/predict", "/v1/models/news:predict", "/v1/models/briefs:predict", "/v1/models/news:classify", "/healthz"]
)


@tiers(300)
def test_every_request_is_answered(count, client):
    def check(path, body):
        response = client.post(path, content=body)
        assert response.status_code in (200, 400, 404, 405, 413), response.text
        content = response.json()
        assert response.status_code == 200 or (list(content) == ["error"] and content["error"])

    check_examples(count, check, PATHS, BODIES)
