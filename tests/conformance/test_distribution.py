"""Every registered model on two devices."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conformance.descriptors import every_model_anew

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def mirrored(request):
    """What ``tests.conformance.mirrored`` found for the models that are tested, in a process that has two devices."""
    items = [item for item in request.session.items if "mirrored" in item.fixturenames]
    names = dict.fromkeys(item.callspec.params["name"] for item in items)
    command = [sys.executable, "-m", "tests.conformance.mirrored", *names]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


@every_model_anew
def test_two_devices_train_the_weights_of_one(name, mirrored):
    found = mirrored[name]
    assert found["two"][-1] < found["two"][0]
    if found["apart"] is not None:
        assert found["apart"] < 1e-5
        np.testing.assert_allclose(found["two"], found["one"], atol=1e-5)


@every_model_anew
def test_on_two_devices_frozen_groups_rest_until_they_learn(name, mirrored):
    first, later = mirrored[name]["changed"]
    assert first == ["head"]
    assert {"head", "encoder"} <= set(later)
