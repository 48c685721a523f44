"""Every registered model on two devices."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerascnn.utils.tensorflow_startup import onednn_environment
from tests.conformance.descriptors import DESCRIPTORS, wanted

ROOT = Path(__file__).parents[2]
every_model_twice = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "word_cnn" else [pytest.mark.full]) for name in DESCRIPTORS]
)


@pytest.fixture(scope="module")
def mirrored(request):
    """What ``tests.conformance.mirrored`` found for the models that are tested, in a process that has two devices."""
    command = [sys.executable, "-m", "tests.conformance.mirrored", *wanted(request, "mirrored")]
    # as the commands compute; rounding otherwise, dpcnn meets two maxima of which it chooses the other on two devices
    environment = {**os.environ, **onednn_environment()}
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


@every_model_twice
def test_two_devices_train_the_weights_of_one(name, mirrored):
    found = mirrored[name]
    # in the first epoch only the head learned, of which rounding decides nothing
    np.testing.assert_allclose(found["two"][0], found["one"][0], atol=1e-4)
    if found["apart"] is not None:
        assert found["apart"] < 1e-5
        np.testing.assert_allclose(found["two"], found["one"], atol=1e-5)


@every_model_twice
def test_on_two_devices_frozen_groups_rest_until_they_learn(name, mirrored):
    first, later = mirrored[name]["changed"]
    assert first == ["head"]
    assert {"head", "encoder"} <= set(later)
