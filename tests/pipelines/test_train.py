"""The train command, from a labelled file to a bundle."""

import csv
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from kerascnn.config import Config
from kerascnn.training import progress
from pipelines.__main__ import COMMANDS
from tests.pipelines.conftest import ROOT, SMALL, command, files_with_text, process, start

CONTRACT = {
    "README.md", "config.yaml", "confusion_matrix.png", "golden.json", "history.csv", "labels.txt", "manifest.json",
    "metrics.json", "model.keras", "report.html", "vocabulary.txt",
}  # fmt: skip


def test_labelled_file_becomes_bundle(news_bundle):
    folder, finished = news_bundle
    assert {path.name for path in folder.iterdir()} == CONTRACT
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.6
    assert metrics["validation"]["rows"] == metrics["test"]["rows"] == 30
    assert f"accuracy {metrics['test']['accuracy']:.4f}" in finished.err
    assert not list(folder.parent.glob("*.training")), "the state of a finished training is cleared away"


def test_trains_character_model_on_chinese_reviews(reviews_zh_bundle):
    folder, finished = reviews_zh_bundle
    metrics = json.loads(finished.out)
    assert metrics == json.loads((folder / "metrics.json").read_text())
    assert metrics["validation"]["accuracy"] > 0.6


def test_logs_the_split(news_bundle):
    _, finished = news_bundle
    assert "stratified by class, seed 0" in finished.err
    assert "240 training, 30 validation and 30 test rows" in finished.err


def test_logs_data_issues_that_cost_accuracy(news_bundle):
    _, finished = news_bundle
    advice = [line for line in finished.err.splitlines() if line.endswith("more by python -m pipelines.audit")]
    assert len(advice) == 1
    assert "of the training rows are longer than text.max_length, 64 words and punctuation" in advice[0]


def test_history_has_one_row_per_epoch_and_speed_counts_all_epochs(news_bundle):
    folder, _ = news_bundle
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    metrics = json.loads((folder / "metrics.json").read_text())
    assert [int(row["epoch"]) for row in rows] == list(range(1, metrics["epochs"] + 1))
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(rows[0])
    assert metrics["documents_per_second"] == pytest.approx(metrics["epochs"] * 240 / metrics["seconds"], rel=0.01)


def test_keeps_existing_output_without_overwrite(news_bundle, news_csv):
    folder, _ = news_bundle
    before = (folder / "manifest.json").read_bytes()
    finished = command("train", "--data", news_csv, "--output", folder)
    assert finished.status == 1
    assert re.fullmatch(r"error: .*news exists already; .*--overwrite\n", finished.err)
    assert (folder / "manifest.json").read_bytes() == before


def test_killed_training_resumes_to_the_same_weights(news_csv, tmp_path):
    options = [
        "--data",
        news_csv,
        "--epochs",
        "4",
        "--training.patience",
        "4",
        "--deterministic",
        "--seed",
        "7",
        *SMALL,
    ]
    # in processes alike: how many threads an operation has decides the order of its sums
    undisturbed = process("train", *options, "--output", tmp_path / "undisturbed")
    assert undisturbed.status == 0, undisturbed.err

    victim = start("train", *options, "--output", tmp_path / "killed")
    for line in victim.stderr:
        if line.startswith("epoch 2/4"):
            break
    os.kill(victim.pid, signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed").exists(), "there is a whole bundle or none"

    other = command("train", *options, "--training.batch-size", "32", "--output", tmp_path / "killed", "--resume")
    assert other.status == 1
    assert "batch_size" in other.err and "--resume" in other.err

    resumed = process("train", *options, "--output", tmp_path / "killed", "--resume")
    assert resumed.status == 0, resumed.err
    assert "epoch 1/4" not in resumed.err and "epoch 4/4" in resumed.err
    for expected, found in zip(_weights(tmp_path / "undisturbed"), _weights(tmp_path / "killed"), strict=True):
        np.testing.assert_array_equal(found, expected)

    again = command("train", *options, "--output", tmp_path / "killed", "--resume")
    assert again.status == 0
    assert "finished already" in again.err


def _weights(folder):
    from kerascnn import load

    return load(folder).bundle_.model.get_weights()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nowhere.csv"], "no file or folder 'nowhere.csv'"),
        (["--data", "demo:bcc"], "bbc"),
        (["--config", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--model", "word_cn"], "did you mean"),
        (["--text-column", "body"], "'body'"),
    ],
    ids=["missing file", "unknown demo", "missing config", "unknown model", "missing column"],
)
def test_input_errors_are_one_line_and_status_1(options, message, news_csv, tmp_path):
    data = [] if "--data" in options else ["--data", news_csv]
    finished = command("train", *data, *options, "--output", tmp_path / "out")
    assert finished.status == 1
    assert finished.err.startswith("error: ") and finished.err.count("\n") == 1
    assert message in finished.err
    assert finished.out == ""
    assert list(tmp_path.iterdir()) == []


def test_unknown_option_exits_with_2_and_suggests_the_right_one():
    finished = command("train", "--text.max_lenth", "5")
    assert finished.status == 2
    assert "--text.max-length" in finished.err


def test_command_line_overrides_file_and_file_overrides_defaults(tmp_path):
    from pipelines.train import parse_arguments

    (tmp_path / "run.yaml").write_text("model: char_cnn\ntraining: {epochs: 3, batch_size: 8}\nnetwork: {blocks: 4}\n")
    run = parse_arguments(["--config", str(tmp_path / "run.yaml"), "--training.batch_size", "16"]).run
    assert (run.model, run.network.blocks) == ("char_cnn", 4)
    assert (run.training.epochs, run.training.batch_size) == (3, 16)
    assert run.training.patience == type(run.training)().patience


def test_other_model_on_command_line_ignores_network_of_file(tmp_path):
    from pipelines.train import parse_arguments

    (tmp_path / "run.yaml").write_text("model: char_cnn\ntraining: {epochs: 3}\nnetwork: {blocks: 4}\n")
    run = parse_arguments(["--config", str(tmp_path / "run.yaml"), "--model", "word_cnn"]).run
    assert (run.model, run.training.epochs) == ("word_cnn", 3)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("demo:bbc", "bbc-word_cnn"), ("tfds:glue/sst2", "glue-sst2-word_cnn"), ("a/news.csv.gz", "news-word_cnn"),
        ("sst2/train.csv", "sst2-word_cnn"),
    ],
)  # fmt: skip
def test_bundle_is_named_after_data_and_model(data, name):
    from kerascnn import config as configuration
    from kerascnn.experiment import default_bundle_folder

    run: Config = configuration.default_config("word_cnn").replace_values({"data": [data]}, "test")
    assert str(default_bundle_folder(run)) == os.path.join("saved_models", name)


@pytest.mark.parametrize("name", [name.replace("-", "_") for name in COMMANDS])
def test_help_imports_neither_tensorflow_nor_keras(name):
    script = f"""if True:
        import sys, runpy
        sys.argv = ["{name}", "--help"]
        try:
            runpy.run_module("pipelines.{name}", run_name="__main__", alter_sys=True)
        finally:
            assert not {{"tensorflow", "keras", "sklearn"}} & set(sys.modules)
    """
    finished = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert f"usage: python -m pipelines.{name}" in finished.stdout


def test_lists_models_with_their_papers():
    finished = command("train", "--list-models")
    assert finished.status == 0
    assert "Kim 2014" in finished.out and "char_cnn" in finished.out


def test_only_the_report_holds_texts_of_the_data_and_only_if_allowed(news_bundle, news_csv, news, tmp_path):
    folder, _ = news_bundle
    assert files_with_text(folder, news[0]) == ["report.html"]
    options = ("--data", news_csv, "--output", tmp_path / "quiet", "--epochs", "1", "--no-examples", *SMALL)
    quiet = command("train", *options)
    assert quiet.status == 0, quiet.err
    assert (tmp_path / "quiet" / "report.html").exists()
    assert files_with_text(tmp_path / "quiet", news[0]) == []


def test_quiet_training_prints_only_the_requested_metrics(news_csv, tmp_path):
    options = ("--data", news_csv, "--output", tmp_path / "quiet", "--epochs", "1", "--quiet", "--json", *SMALL)
    finished = command("train", *options, "--plots", "svg")
    assert finished.status == 0, finished.err
    assert finished.err == ""
    assert (tmp_path / "quiet" / "plots" / "roc.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert json.loads(finished.out)["epochs"] == 1


def test_training_prints_the_advice_of_more_epochs_once_and_not_if_quiet(news_csv, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "advise_more_epochs", lambda *_, **__: "more epochs may help")
    options = ("--data", news_csv, "--output", tmp_path / "bundle", "--epochs", "1", *SMALL)
    finished = command("train", *options)
    assert finished.status == 0, finished.err
    assert finished.err.count("more epochs may help") == 1
    quiet = command("train", *options, "--overwrite", "--quiet")
    assert quiet.status == 0 and quiet.err == ""
