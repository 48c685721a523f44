"""The combine command: an ensemble of bundles, and what the other commands do with it."""

import csv
import json

import pytest

from tests.pipelines.conftest import SMALL, command


@pytest.fixture(scope="module")
def bundles(news_bundle, news_csv, tmp_path_factory):
    """Two bundles with the same labels, columns and splits."""
    folder = tmp_path_factory.mktemp("members") / "bow"
    finished = command("train", "--model", "bow", "--data", news_csv, "--output", folder)
    assert finished.status == 0, finished.err
    return news_bundle[0], folder


@pytest.fixture(scope="module")
def ensemble(bundles, news_csv, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensembles") / "both"
    data = ("--data", news_csv, "--test-data", news_csv)
    return folder, command("combine", *bundles, *data, "--output", folder)


def test_table_shows_weights_and_the_metrics_of_each_bundle(ensemble, bundles):
    folder, finished = ensemble
    assert finished.status == 0, finished.err
    lines = finished.out.splitlines()
    assert lines[0].split()[:4] == ["bundle", "weight", "validation", "accuracy"]
    assert [line.split()[0] for line in lines[1:3]] == [str(bundle) for bundle in bundles]
    assert lines[3].startswith("all together")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert [member["model"] for member in metrics["members"]] == ["word_cnn", "bow"]
    assert metrics["test"]["accuracy"] >= 0.9
    assert f"{metrics['test']['accuracy']:.4f}" in lines[3]


def test_other_commands_answer_with_an_ensemble(ensemble, bundles, news_csv, tmp_path):
    folder, rows = str(ensemble[0]), tmp_path / "rows.csv"
    assert command("predict", folder, "the striker scored twice").out.splitlines()[1].startswith("the striker")
    finished = command("predict", folder, "--input", news_csv, "--output", rows)
    assert finished.status == 0, finished.err
    with open(rows, encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert sum(row["label_1" if "label_1" in row else "label"] != "" for row in found) == len(found)
    for name, *options in (
        ("evaluate", "--data", news_csv, "--mistakes", tmp_path / "mistakes.csv"),
        ("find_threshold", "--data", news_csv),
        ("plot", "--output", tmp_path / "plots"),
    ):
        finished = command(name, folder, *options)
        assert finished.status == 0, (name, finished.err)
    finished = command("compare", bundles[0], folder, "--data", news_csv)
    assert "McNemar" in finished.out, finished.err


@pytest.mark.full
def test_an_ensemble_teaches_a_single_model(ensemble, news_csv, tmp_path):
    options = ("--teacher", ensemble[0], "--data", news_csv, "--output", tmp_path / "student", "--epochs", "1", *SMALL)
    finished = command("distill", *options, "--distillation.spliced-texts", "0")
    assert finished.status == 0, finished.err
    assert "test data  accuracy" in finished.err


@pytest.mark.parametrize(
    "arguments",
    [("export", "--format", "tflite"), ("evaluate", "--report", "r.html", "--data"), ("predict", "--explain", "a")],
    ids=lambda arguments: arguments[0],
)
def test_what_needs_a_single_model_says_so(arguments, ensemble, news_csv):
    name, *options = arguments
    options += [news_csv] * (options[-1] == "--data")
    finished = command(name, ensemble[0], *options)
    assert finished.status == 1
    assert finished.err.startswith(f"error: {ensemble[0]}: an ensemble, which has a model for each of its classifiers")
    assert f"pipelines.distill --teacher {ensemble[0]}" in finished.err


def test_mistakes_are_found_before_models_are_loaded(bundles, reviews_zh_bundle, news_csv, tmp_path):
    output = ("--output", tmp_path / "both")
    finished = command("combine", bundles[0], reviews_zh_bundle[0], *output)
    assert "has the label 'business'; combine bundles with the same labels" in finished.err
    finished = command("combine", *bundles, "--output", bundles[0])
    assert "exists already" in finished.err
    finished = command("combine", *bundles, *output, "--data", tmp_path / "none.csv")
    assert "none.csv" in finished.err
    assert not (tmp_path / "both").exists()


def test_rows_of_the_training_are_reported(bundles, news_csv, tmp_path):
    rows = tmp_path / "train.csv"
    finished = command("train", "--model", "bow", "--data", news_csv, "--test-data", news_csv, "--validation-data",
                       news_csv, "--output", tmp_path / "learned")  # fmt: skip
    assert finished.status == 0, finished.err
    rows = news_csv
    finished = command("combine", tmp_path / "learned", bundles[1], "--data", rows, "--output", tmp_path / "both")
    assert "learned has learned these rows: its weight will be too high" in finished.err
