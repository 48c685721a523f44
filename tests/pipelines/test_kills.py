"""Commands that are killed at events of their files: the old or the new output is whole, and the next run finishes."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pyarrow.parquet
import pytest

from kerascnn import load
from kerascnn.edge import EdgeClassifier
from tests.kill_events import list_files
from tests.pipelines.conftest import ROOT, SMALL, command

pytestmark = pytest.mark.full
KILLS = 8
"""Kills of each command, at events from the first to the last."""


def run_and_kill(root, kill_at, *options):
    """Run a command in a process that is killed at an event; return the number of events."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.pipelines.kill_command", str(kill_at), str(root), *map(str, options)],
        cwd=ROOT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == (-9 if kill_at else 0), finished.stderr
    return int(finished.stdout.splitlines()[-1]) if not kill_at else 0


def choose_events(total):
    """Return events from the first to the last; most are at the end, where the output is written."""
    return sorted({1 + round((total - 1) * part**0.5) for part in np.linspace(0, 1, KILLS)})


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_training(news, news_csv, tmp_path):
    texts, bundle = news[0][:50], tmp_path / "work" / "news"
    options = ("train", "--data", news_csv, "--output", bundle, "--deterministic", *SMALL)
    assert command(*options, "--epochs", "1").status == 0
    shutil.copytree(bundle, tmp_path / "old")
    options = (*options, "--epochs", "2", "--overwrite")
    total = run_and_kill(tmp_path / "work", 0, *options)
    old, new = (load(folder).predict_proba(texts) for folder in (tmp_path / "old", bundle))
    assert not np.array_equal(old, new)
    for event in choose_events(total):
        shutil.rmtree(tmp_path / "work")
        shutil.copytree(tmp_path / "old", bundle)
        run_and_kill(tmp_path / "work", event, *options)
        found = load(bundle).predict_proba(texts)
        assert np.array_equal(found, old) or np.array_equal(found, new), f"event {event}"
        finished = command(*options[:-1], "--resume")
        assert finished.status == 0, f"event {event}: {finished.err}"
        # a training that was killed before its first epoch has left no state, and the old bundle counts as finished
        state_is_left = "is finished already" not in finished.err
        assert np.array_equal(load(bundle).predict_proba(texts), new if state_is_left else found), f"event {event}"
        assert visible(bundle.parent) == ["news"]


def test_export(news, news_bundle, tmp_path):
    texts, bundle = news[0][:20], tmp_path / "work" / "news"

    def restore():
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        shutil.copytree(tmp_path / "old", bundle)

    shutil.copytree(news_bundle[0], tmp_path / "old")
    assert command("export", tmp_path / "old", "--format", "tflite", "--quantize", "dynamic").status == 0
    old = list_files(tmp_path / "old" / "edge")
    restore()
    options = ("export", bundle, "--format", "tflite", "saved_model")
    total = run_and_kill(tmp_path / "work", 0, *options)
    new = list_files(bundle / "edge")
    assert {"model_dynamic.tflite", "model_float32.tflite"} <= new.keys()
    for event in choose_events(total):
        restore()
        run_and_kill(tmp_path / "work", event, *options)
        assert set(list_files(bundle / "edge")) in (set(old), set(new)), f"event {event}"
        assert EdgeClassifier(bundle / "edge" / "model_dynamic.tflite").predict_proba(texts).shape[0] == len(texts)
        finished = command(*options)
        assert finished.status == 0, f"event {event}: {finished.err}"
        assert set(list_files(bundle / "edge")) == set(new)
        assert command("export", bundle, "--verify").status == 0


def test_predictions(news_bundle, news_csv, tmp_path):
    rows, output, table = tmp_path / "rows", tmp_path / "work" / "labelled", tmp_path / "work" / "labelled.csv"
    rows.mkdir()
    for name in ("a.csv", "b.csv"):
        shutil.copy(news_csv, rows / name)
    (tmp_path / "work").mkdir()
    assert command("predict", news_bundle[0], "--input", news_csv, "--output", tmp_path / "expected.csv").status == 0
    expected = (tmp_path / "expected.csv").read_text(encoding="utf-8")
    for options in (("--input", rows, "--output", output), ("--input", news_csv, "--output", table)):
        options = ("predict", news_bundle[0], *options)
        total = run_and_kill(tmp_path / "work", 0, *options)
        for event in choose_events(total):
            shutil.rmtree(output, ignore_errors=True)
            table.write_text("old")
            run_and_kill(tmp_path / "work", event, *options)
            assert table.read_text(encoding="utf-8") in ("old", expected), f"event {event}"
            assert command(*options).status == 0
            if str(table) in map(str, options):
                assert table.read_text(encoding="utf-8") == expected
            else:
                tables = [pyarrow.parquet.read_table(output / f"{name}.parquet") for name in "ab"]
                assert tables[0].equals(tables[1])
                assert sorted(path.name for path in output.iterdir()) == ["a.parquet", "b.parquet"]
