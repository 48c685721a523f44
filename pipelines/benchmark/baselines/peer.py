"""The baselines that need PyTorch: ``setfit`` and ``model2vec``, each trained in an environment of its own."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from kerascnn.encoders import minilm
from kerascnn.utils.errors import InputError
from pipelines.benchmark.data_sets import LabelledRows, write_csv
from pipelines.benchmark.process import run_program

PROGRAMS = Path(__file__).parents[1] / "peers"
PEERS = {"setfit": "setfit", "model2vec": '"model2vec[distill,train]"'}
"""Name of a peer, of its module and the beginning of its program, to what pip installs."""
ENVIRONMENT = {"PYTHONPATH": ""}
"""Keeps the packages of this process out of that of the peer."""


def check_peer(name: str, python: str) -> None:
    """Check that the interpreter of a peer exists and has its package.

    Raises:
        InputError: There is no such program, or it lacks the package.
    """
    option = f"--{name}-python"
    remedy = (
        f"python -m venv {name}_env && {name}_env/bin/pip install {PEERS[name]}, then {option} {name}_env/bin/python"
    )
    if not python:
        raise InputError(f"{name} needs an environment of its own: {remedy}")
    if not shutil.which(python):
        raise InputError(f"{option} {python}: no such program; {remedy}")
    find = f"import importlib.util; raise SystemExit(importlib.util.find_spec({name!r}) is None)"
    try:
        run_program(option, ["-c", find], python=python, environment=ENVIRONMENT)
    except InputError:
        raise InputError(f"{option} {python}: the package {name} is not installed there; {remedy}") from None


def train_peer(name: str, rows: LabelledRows, seed: int, python: str) -> dict[str, Any]:
    """Train a peer on the training rows, starting from all-MiniLM-L6-v2, and predict the test rows.

    Args:
        name: Name of the peer.
        rows: The data set.
        seed: Seed of the training.
        python: The interpreter of its environment.

    Returns:
        ``predictions``, ``seconds`` of the training, ``parameters`` and ``epochs``.

    Raises:
        InputError: The package with the encoder is missing, or the program failed.
    """
    encoder = minilm.find_folder()
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder) / "train.csv", rows.train)
        write_csv(Path(folder) / "test.csv", rows.test)
        program = str(PROGRAMS / f"{name}_classifier.py")
        run_program(
            name,
            [program, folder, "--encoder", str(encoder), "--seed", str(seed)],
            python=python,
            environment=ENVIRONMENT,
        )
        result: dict[str, Any] = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
    return result
