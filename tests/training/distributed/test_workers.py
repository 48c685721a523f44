"""Several processes train one classifier, on this machine and by its loopback; each a real process of the command."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmarks.local_cluster import cluster_environments
from kerascnn import load

pytestmark = pytest.mark.full

# without dropout, which every process draws for itself
SETTINGS = [
    "--network.filters", "8", "--network.ngram-buckets", "512", "--network.dropout", "0",
    "--network.embedding-dropout", "0", "--text.max-length", "32", "--training.batch-size", "48", "--deterministic",
    "--training.patience", "99",
]  # fmt: skip


def command(data, output, *options, epochs=4):
    base = [sys.executable, "-m", "pipelines.train", "--data", str(data), "--output", str(output)]
    return [*base, "--epochs", str(epochs), *SETTINGS, *options]


def start(data, output, *options, epochs=4, apart=((), ()), places=None):
    """Start two workers of one training, each with options of its own and the environment variables of its address."""
    shared = command(data, output, "--training.strategy", "multi_worker", *options, epochs=epochs)
    return [
        subprocess.Popen(
            [*shared, *own],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | place,
        )
        for own, place in zip(apart, places or cluster_environments(2), strict=True)
    ]  # fmt: skip


def finish(processes):
    """Return the last message of the command and the exit code of each worker."""
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    return [
        (re.findall(r"^(?:wrote|done|error).*|\A.*", output, re.MULTILINE)[-1], process.returncode)
        for output, process in zip(outputs, processes, strict=True)
    ]


@pytest.fixture(scope="module")
def alone(news_csv, tmp_path_factory):
    """The bundle that one process trains on whole batches."""
    folder = tmp_path_factory.mktemp("alone") / "news"
    subprocess.run(command(news_csv, folder), check=True, capture_output=True)
    return folder


def weights(folder):
    return load(folder).bundle_.model.get_weights()


def written(folder):
    """The closing line of a training that wrote a folder."""
    return f"wrote {folder}; next:"


def assert_alike(folder, other):
    assert max(np.abs(a - b).max() for a, b in zip(weights(folder), weights(other), strict=True)) < 1e-5
    metrics, others = (json.loads((place / "metrics.json").read_text())["test"] for place in (folder, other))
    assert metrics["accuracy"] == others["accuracy"]
    assert metrics["loss"] == pytest.approx(others["loss"], abs=1e-5)
    losses, expected = (read_losses(place) for place in (folder, other))
    assert losses == pytest.approx(expected, abs=1e-4)


def read_losses(folder):
    """Return the losses of all validations."""
    with open(folder / "history.csv", encoding="utf-8", newline="") as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def test_two_workers_train_the_weights_of_one_process_and_the_first_writes_them(alone, news_csv, tmp_path):
    [(first, code), (second, other_code)] = finish(start(news_csv, tmp_path / "news"))
    assert (first, second) == (written(tmp_path / "news"), "done; the first process writes the bundle")
    assert code == other_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["news"]
    assert_alike(tmp_path / "news", alone)


def test_two_workers_share_the_files_of_a_training_from_files(alone, news_csv, tmp_path):
    [(first, code), (_, other_code)] = finish(start(news_csv, tmp_path / "news", "--source.in-memory-rows", "0"))
    assert (first, code, other_code) == (written(tmp_path / "news"), 0, 0)
    assert [path.name.partition("-")[0] for path in sorted((tmp_path / ".cache").iterdir())] == [
        "ids", "ids", "rows", "vocabulary"
    ]  # fmt: skip
    assert_alike(tmp_path / "news", alone)


def test_two_slurm_tasks_find_each_other(alone, news_csv, tmp_path):
    for port in (8888, 8889):
        with socket.socket() as one:
            if one.connect_ex(("localhost", port)) == 0:
                pytest.skip(f"port {port} is taken, which TensorFlow gives to tasks of SLURM")
    step = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_NODELIST": "localhost", "SLURM_STEP_TASKS_PER_NODE": "2"}
    places = [step | {"SLURM_PROCID": str(number), "SLURMD_NODENAME": "localhost"} for number in range(2)]
    [(first, code), (second, other_code)] = finish(start(news_csv, tmp_path / "news", places=places))
    assert (first, second) == (written(tmp_path / "news"), "done; the first process writes the bundle")
    assert code == other_code == 0
    assert_alike(tmp_path / "news", alone)


def test_workers_with_different_settings_name_the_difference(news_csv, tmp_path):
    processes = start(news_csv, tmp_path / "news", apart=((), ("--network.kernel-sizes", "2", "3")))
    for line, code in finish(processes):
        assert code == 1
        assert line.startswith("error: the workers do not agree: network.kernel_sizes is")
    assert not (tmp_path / "news").exists()


def test_lost_worker_ends_the_training_and_all_resume_to_the_weights_of_an_undisturbed_one(alone, news_csv, tmp_path):
    first, second = start(news_csv, tmp_path / "news")
    state = tmp_path / "news.training" / "state.npz"
    while not state.exists():
        assert first.poll() is None
        time.sleep(0.05)
    second.send_signal(signal.SIGKILL)
    line, code = finish([first])[0]
    assert code == 1
    assert line == "error: lost the connection to another worker; start all workers again with --resume"
    second.communicate()
    assert not (tmp_path / "news").exists()
    assert [code for _, code in finish(start(news_csv, tmp_path / "news", "--resume"))] == [0, 0]
    assert_alike(tmp_path / "news", alone)
