"""Commands as a person runs them: in a process of their own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A network that trains in seconds.
SMALL = (
    "--network.filters",
    "16",
    "--network.ngram-buckets",
    "4096",
    "--text.max-length",
    "64",
    "--text.min-count",
    "1",
)


@dataclass
class Finished:
    """What a command left."""

    status: int
    out: str
    err: str


def start(verb, *options, cwd=ROOT, **kwargs):
    """Start ``python -m pipelines.VERB`` in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", f"pipelines.{verb}", *map(str, options)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **kwargs,
    )


def command(verb, *options, stdin=None, cwd=ROOT):
    """Run ``python -m pipelines.VERB`` to its end."""
    process = start(verb, *options, cwd=cwd, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
    out, err = process.communicate(stdin, timeout=300)
    return Finished(process.returncode, out, err)


@pytest.fixture(scope="session")
def news_bundle(news_csv, tmp_path_factory):
    """A bundle that the command trained on English news, and what the command said."""
    folder = tmp_path_factory.mktemp("bundles") / "news"
    finished = command(
        "train", "--data", news_csv, "--output", folder, "--epochs", "12", "--training.learning-rate", "0.01", *SMALL
    )
    assert finished.status == 0, finished.err
    return folder, finished


@pytest.fixture(scope="session")
def reviews_zh_bundle(reviews_zh_csv, tmp_path_factory):
    """A character model that the command trained on Chinese reviews."""
    folder = tmp_path_factory.mktemp("bundles") / "reviews"
    finished = command(
        "train", "--model", "char_cnn", "--data", reviews_zh_csv, "--output", folder, "--epochs", "12", "--json",
        "--training.learning-rate", "0.01", "--network.filters", "32", "--text.max-length", "96",
        "--network.ngram-buckets", "4096",
    )  # fmt: skip
    assert finished.status == 0, finished.err
    return folder, finished
