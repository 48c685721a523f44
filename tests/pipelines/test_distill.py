"""The distill command, from the probabilities of a teacher to a bundle."""

from __future__ import annotations

import csv
import json

import pytest

from kerascnn import config as configuration
from kerascnn.utils.atomic_files import sha256
from tests.pipelines.conftest import command


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_student_learns_from_unlabelled_texts_of_a_teacher(news, tmp_path):
    texts, labels = news
    pairs, classes = list(zip(texts, labels, strict=True)), sorted(set(labels))
    few = write(tmp_path / "few.csv", [("text", "label"), *pairs[::10]])
    held_out = write(tmp_path / "test.csv", [("text", "label"), *pairs[1::10]])
    more = tmp_path / "more.txt"
    more.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    probabilities = [[text, *(0.8 if name == label else 0.05 for name in classes)] for text, label in pairs]
    teacher = write(tmp_path / "teacher.csv", [("text", *classes), *probabilities])
    student = tmp_path / "student"
    finished = command(
        "distill", "--teacher", teacher, "--data", few, "--unlabelled", more, "--test-data", held_out, "--model", "bow",
        "--epochs", "8", "--training.learning-rate", "0.02", "--training.soft-label-temperature", "1.5",
        "--output", student, "--network.ngrams", "1", "2", "--network.linear-ngrams",
    )  # fmt: skip
    assert finished.status == 0, finished.err
    assert "30 unlabelled rows repeat a text of the test data and were dropped (first: " in finished.err
    assert "240 unlabelled texts" in finished.err
    assert "teacher.csv: predicts the label of 100.0% of the training rows" in finished.err

    manifest = json.loads((student / "manifest.json").read_text())
    expected = {"teacher": str(teacher), "temperature": 1.5, "weight": 0.9, "sha256": sha256(teacher)}
    assert manifest["distillation"] == expected
    assert manifest["data"]["unlabelled"]["sources"] == [str(more)]
    assert manifest["data"]["unlabelled"]["rows"] == 240
    assert "Distilled from" in (student / "README.md").read_text(encoding="utf-8")
    run = configuration.config_from_dict(configuration.load_yaml(student / "config.yaml"), "config.yaml")
    assert (run.distillation.teacher, run.distillation.unlabelled) == (str(teacher), (str(more),))
    metrics = json.loads((student / "metrics.json").read_text())
    assert metrics["test"]["rows"] == 30 and metrics["test"]["accuracy"] > 0.6


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        ("distill", [], "--teacher is missing; give the folder of a bundle, a file of class probabilities"),
        ("train", ["--unlabelled", "more.txt"], "--unlabelled: texts without labels need a teacher"),
        ("distill", ["--teacher", "nowhere.csv"], "--teacher nowhere.csv: no such file or folder"),
        ("distill", ["--teacher", "a:b", "--unlabelled", "nowhere.txt"], "no file or folder 'nowhere.txt'"),
    ],
    ids=["no teacher", "unlabelled alone", "missing file", "missing texts"],
)
def test_input_errors_are_one_line_and_status_1(verb, options, message, news_csv, tmp_path):
    finished = command(verb, "--data", news_csv, *options, "--output", tmp_path / "out")
    assert finished.status == 1
    assert finished.err.splitlines()[-1].startswith("error: ") and message in finished.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_default_folder_of_a_student_differs_from_its_teacher():
    from kerascnn.experiment import default_bundle_folder

    run = configuration.default_config("word_cnn").replace_values(
        {"distillation": {"teacher": "saved_models/bbc-word_cnn"}}, "test"
    )
    assert default_bundle_folder(run).name == "bbc-word_cnn-distilled"
