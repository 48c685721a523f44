"""Training of every registered model in two processes; see also ``tests/training/distributed/test_workers.py``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.local_cluster import cluster_environments
from tests.conformance.descriptors import BATCH_NORMALIZED, DESCRIPTORS, selected_models

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def weights(request, mixed, tmp_path_factory):
    """Train the tested models in one process and in two workers, and return the weights of each process."""
    folder = tmp_path_factory.mktemp("workers")
    (folder / "texts.json").write_text(json.dumps(mixed), encoding="utf-8")
    names = selected_models(request, "weights")
    places = {"alone": {}} | dict(zip(("first", "second"), cluster_environments(2), strict=True))
    command = [sys.executable, "-m", "tests.conformance.workers", folder / "texts.json"]
    processes = [
        subprocess.Popen(
            [*command, folder / f"{key}.npz", *names],
            cwd=ROOT, env=os.environ | place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for key, place in places.items()
    ]  # fmt: skip
    outputs = [process.communicate(timeout=1200)[0] for process in processes]
    assert not any(process.returncode for process in processes), "\n".join(outputs)[-4000:]
    return [np.load(folder / f"{key}.npz") for key in places]


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_two_workers_train_the_same_weights_as_one_process(name, weights):
    alone, first, second = ({key: part[key] for key in part if key.startswith(f"{name} ")} for part in weights)
    assert alone
    apart = {key: np.abs(first[key] - array) for key, array in alone.items()}
    assert all(np.array_equal(array, second[key]) for key, array in first.items())
    if name in BATCH_NORMALIZED:
        # the same batch gives the same weights, except where rounding decides
        assert max(array.max() for key, array in apart.items() if "moving_" in key) < 1e-5
        assert np.mean(np.concatenate([array.ravel() for array in apart.values()]) < 1e-5) > 0.99
    else:
        assert max(array.max() for array in apart.values()) < 1e-5
