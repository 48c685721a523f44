"""Training of every registered model on two devices."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerascnn.utils.tensorflow_startup import onednn_environment
from tests.conformance.descriptors import NETWORKS, TAGGERS, selected_models

ROOT = Path(__file__).parents[2]
every_network_on_two_devices = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "word_cnn" else [pytest.mark.full]) for name in [*NETWORKS, *TAGGERS]],
)


@pytest.fixture(scope="module")
def mirrored(request):
    """Run ``tests.conformance.mirrored`` for the tested models, in a process with two devices."""
    command = [sys.executable, "-m", "tests.conformance.mirrored", *selected_models(request, "mirrored")]
    # oneDNN as in the commands; with other rounding, dpcnn has two almost equal maxima and picks different ones
    environment = {**os.environ, **onednn_environment()}
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


@every_network_on_two_devices
def test_two_devices_train_the_same_weights_as_one(name, mirrored):
    found = mirrored[name]
    # the first epoch trains only the head, where rounding has no large effect
    np.testing.assert_allclose(found["two"][0], found["one"][0], atol=1e-4)
    if found["apart"] is not None:
        assert found["apart"] < 1e-5
        np.testing.assert_allclose(found["two"], found["one"], atol=1e-5)


@every_network_on_two_devices
def test_frozen_groups_do_not_change_until_they_are_unfrozen(name, mirrored):
    first, later = mirrored[name]["changed"]
    assert first == ["head"]
    assert {"head", "encoder"} <= set(later)
