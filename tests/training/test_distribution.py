"""Where several processes train together, what each must know of the others; see also ``test_workers.py``."""

import json

import pytest

from kerascnn.errors import InputError
from kerascnn.training.distribution import is_chief, start

CLUSTER = {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "does not know the others; set TF_CONFIG"),
        ("{", "TF_CONFIG, '{', names no worker"),
        (json.dumps({"cluster": CLUSTER}), "names no worker"),
        (json.dumps({"cluster": CLUSTER, "task": {"type": "worker", "index": 2}}), "names no worker"),
    ],
)
def test_a_process_that_does_not_know_its_place_is_told_how(config, message, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=message):
        start("multi_worker")


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "chief"),
    [
        (CLUSTER, "worker", 0, True),
        (CLUSTER, "worker", 1, False),
        ({**CLUSTER, "chief": ["10.0.0.3:2222"]}, "chief", 0, True),
        ({**CLUSTER, "chief": ["10.0.0.3:2222"]}, "worker", 0, False),
    ],
)
def test_one_process_writes(cluster, kind, index, chief, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
    assert is_chief("multi_worker") == chief
    assert is_chief("none")
