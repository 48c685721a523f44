"""Addresses and roles of several workers; see also ``test_workers.py``."""

import json

import pytest

from kerascnn.training.distributed.strategies import create_strategy, is_chief
from kerascnn.utils.errors import InputError

CLUSTER = {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("", "the addresses of the other workers are unknown; set TF_CONFIG"),
        ("{", "TF_CONFIG, '{', names no worker"),
        (json.dumps({"cluster": CLUSTER}), "names no worker"),
        (json.dumps({"cluster": CLUSTER, "task": {"type": "worker", "index": 2}}), "names no worker"),
    ],
)
def test_invalid_addresses_of_workers_are_reported(config, message, monkeypatch):
    monkeypatch.delenv("SLURM_PROCID", raising=False)
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=message):
        create_strategy("multi_worker")


@pytest.mark.parametrize(
    ("cluster", "kind", "index", "chief"),
    [
        (CLUSTER, "worker", 0, True),
        (CLUSTER, "worker", 1, False),
        ({**CLUSTER, "chief": ["10.0.0.3:2222"]}, "chief", 0, True),
        ({**CLUSTER, "chief": ["10.0.0.3:2222"]}, "worker", 0, False),
    ],
)
def test_one_worker_writes(cluster, kind, index, chief, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}}))
    assert is_chief("multi_worker") == chief
    assert is_chief("none")


def set_slurm_variables(monkeypatch, **variables):
    """Set the environment variables of a process started by srun."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    for name, value in {"PROCID": "0", "STEP_NUM_TASKS": "3", "STEP_NODELIST": "n[1-2]", **variables}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_first_slurm_process_writes_on_machines_without_gpus(number, monkeypatch):
    set_slurm_variables(monkeypatch, PROCID=str(number), STEP_TASKS_PER_NODE="2,1")
    monkeypatch.setenv("SLURMD_NODENAME", "n1" if number < 2 else "n2")
    assert is_chief("multi_worker") == (number == 0)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "name no worker .*STEP_TASKS_PER_NODE.*; start every process with srun"),
        ({"STEP_NUM_TASKS": "3", "STEP_TASKS_PER_NODE": "1(x2)"}, "name no worker"),
        ({"STEP_NUM_TASKS": "2", "STEP_TASKS_PER_NODE": "1(x2)", "PROCID": "2"}, "name no worker"),
    ],
)
def test_process_not_started_by_srun_is_reported(variables, message, monkeypatch):
    set_slurm_variables(monkeypatch, **variables)
    monkeypatch.delenv("SLURMD_NODENAME", raising=False)
    with pytest.raises(InputError, match=message):
        create_strategy("multi_worker")


def test_different_node_order_of_slurm_and_tensorflow_is_reported(monkeypatch):
    set_slurm_variables(monkeypatch, STEP_NUM_TASKS="2", STEP_NODELIST="n[9-10]", STEP_TASKS_PER_NODE="1(x2)")
    monkeypatch.setenv("SLURMD_NODENAME", "n9")
    with pytest.raises(InputError, match=r"SLURM runs process 0 on n9; .* expects it on n10; set TF_CONFIG"):
        create_strategy("multi_worker")
