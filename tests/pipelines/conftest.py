"""Helpers that run the commands as users do."""

import contextlib
import html
import importlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.command import run

ROOT = Path(__file__).parents[2]
# a model that trains in seconds
SMALL = (
    "--network.filters",
    "16",
    "--network.ngram-buckets",
    "4096",
    "--text.max-length",
    "64",
    "--text.min-count",
    "1",
    "--training.refit-rows",
    "0",
)


def without_export(name, options):
    """Return the options of a command; a training, unless it tests this, does not export: that takes seconds."""
    trains = name in ("train", "distill") and "--export" not in options
    return (*options, "--export", "none") if trains else options


@dataclass
class Finished:
    """Status and output of a command."""

    status: int
    out: str
    err: str


def start(command, *options, cwd=ROOT, **kwargs):
    """Start ``python -m pipelines.COMMAND`` as a process, in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", f"pipelines.{command}", *map(str, without_export(command, options))],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        **kwargs,
    )


def process(command, *options):
    """Run ``python -m pipelines.COMMAND`` as a process, to its end."""
    started = start(command, *options, stdin=subprocess.DEVNULL)
    out, err = started.communicate(timeout=300)
    return Finished(started.returncode, out, err)


class Terminal(io.StringIO):
    """What a command prints to a terminal."""

    def isatty(self):
        return True


def command(name, *options, stdin="", cwd=ROOT, terminal=False):
    """Run ``python -m pipelines.COMMAND`` in this process, which has started TensorFlow already."""
    options = without_export(name, options)
    return run_in_process(
        importlib.import_module(f"pipelines.{name}").main, *options, stdin=stdin, cwd=cwd, terminal=terminal
    )


def run_in_process(main, *options, stdin="", cwd=ROOT, terminal=False):
    """Run the ``main`` of a command in this process, with standard input and error of a terminal or not."""
    out, err, status = io.StringIO(), Terminal() if terminal else io.StringIO(), 0
    given = io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin.encode())), encoding="utf-8")
    given.isatty = lambda: terminal
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", given)
        patch.setenv("COLUMNS", "100")
        try:
            run(lambda: main([str(option) for option in options]))
        except SystemExit as end:
            # the interpreter prints a status that is not a number, and exits with 1
            status = end.code if isinstance(end.code, int) else 1
            err.write("" if status == end.code else f"{end.code}\n")
    return Finished(status, out.getvalue(), err.getvalue())


def files_with_text(folder, texts):
    """Names of files that contain five consecutive words of a text, also with HTML markup between them."""
    phrases = [" ".join(text.split()[3:8]) for text in texts]
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = html.unescape(re.sub(r"</?mark[^>]*>", "", path.read_bytes().decode("utf-8", "ignore")))
            found += [path.name] * any(phrase in content for phrase in phrases)
    return found


@pytest.fixture(scope="session")
def news_bundle(news_csv, tmp_path_factory):
    """A bundle trained by the command on English news, and the output of the command."""
    folder = tmp_path_factory.mktemp("bundles") / "news"
    finished = command(
        "train", "--data", news_csv, "--output", folder, "--epochs", "12", "--training.learning-rate", "0.01", *SMALL
    )
    assert finished.status == 0, finished.err
    return folder, finished


@pytest.fixture(scope="session")
def reviews_zh_bundle(reviews_zh_csv, tmp_path_factory):
    """A character model trained by the command on Chinese reviews, and the output of the command."""
    folder = tmp_path_factory.mktemp("bundles") / "reviews"
    finished = command(
        "train", "--model", "char_cnn", "--data", reviews_zh_csv, "--output", folder, "--epochs", "12", "--json",
        "--training.learning-rate", "0.01", "--network.filters", "32", "--text.max-length", "96",
        "--network.ngram-buckets", "4096",
    )  # fmt: skip
    assert finished.status == 0, finished.err
    return folder, finished
