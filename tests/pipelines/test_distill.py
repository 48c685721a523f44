"""The distill command, from the probabilities of a teacher to a bundle."""

from __future__ import annotations

import csv
import json

import pytest

from kerascnn import config as configuration
from kerascnn.utils.atomic_files import sha256
from tests.pipelines.conftest import SMALL, command


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


@pytest.fixture(scope="module")
def student(news_csv, tmp_path_factory):
    """A student of a teacher that the command has trained, the options of the command, and its output."""
    folder = tmp_path_factory.mktemp("distilled") / "news"
    settings = folder.with_name("teacher.yaml")
    settings.write_text("text: {max_length: 40}\ntraining: {refit_rows: 5000}\n", encoding="utf-8")
    options = (
        "--teacher",
        "bow",
        "--teacher-config",
        settings,
        "--data",
        news_csv,
        "--output",
        folder,
        "--epochs",
        "2",
    )
    finished = command("distill", *options, "--json", *SMALL)
    assert finished.status == 0, finished.err
    return folder, options, finished


def test_one_command_trains_the_teacher_and_the_student_on_the_same_split(student):
    folder, _, _ = student
    teacher = folder.with_name("news-teacher")
    manifests = [json.loads((path / "manifest.json").read_text()) for path in (teacher, folder)]
    assert manifests[0]["data"] == manifests[1]["data"]
    assert manifests[1]["distillation"]["teacher"] == str(teacher)
    run = configuration.config_from_dict(configuration.load_yaml(teacher / "config.yaml"), "config.yaml")
    assert (run.model, run.text.max_length) == ("bow", 40)
    assert "refit" not in json.loads((teacher / "metrics.json").read_text()), "it must not learn the validation rows"


def test_distillation_compares_teacher_and_student_on_the_same_rows(student):
    folder, _, finished = student
    comparison = json.loads(finished.out)["comparison"]
    for name, path in {"teacher": folder.with_name("news-teacher"), "student": folder}.items():
        metrics = json.loads((path / "metrics.json").read_text())
        assert comparison[name]["accuracy"] == metrics["test"]["accuracy"]
        assert comparison[name]["parameters"] == metrics["parameters"]
        assert comparison[name]["milliseconds"] > 0 and comparison[name]["rows"] == 30
        [line] = [line for line in finished.err.splitlines() if line.startswith(f"{name} ")]
        assert line.split()[1:3] == [f"{metrics['test'][key]:.4f}" for key in ("accuracy", "macro_f1")]
    assert "no --unlabelled texts: more texts of the same kind" in finished.err
    assert f"\nwrote {folder}; next:\n  open " in finished.err


def test_distillation_resumes_and_does_not_replace_a_teacher_unasked(student):
    folder, options, _ = student
    again = command("distill", *options, *SMALL, "--resume")
    assert again.status == 0 and f"{folder}-teacher is finished already" in again.err
    assert again.err.splitlines()[-1] == f"{folder} is finished already"
    folder.with_name("other-teacher").mkdir()
    refused = command("distill", *options, *SMALL, "--output", folder.with_name("other"))
    assert refused.status == 1 and "other-teacher uses this teacher" in refused.err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--teacher", "word_cnn"], "another model (bow) than this run (word_cnn)"),
        (["--seed", "3"], "another seed (0) than this run (3)"),
        (["--source.split-seed", "3"], "another content of the train data ("),
        (["--training.deterministic"], "another training.deterministic (False) than this run (True)"),
    ],
    ids=["model", "seed", "rows", "settings"],
)
def test_resuming_does_not_use_the_teacher_of_another_run(changes, message, student):
    folder, options, _ = student
    options = options[4:] if changes[0] == "--teacher" else options
    refused = command("distill", *options, *SMALL, *changes, "--resume")
    last = refused.err.splitlines()[-1]
    assert refused.status == 1 and last.startswith(f"error: {folder}-teacher: the teacher there has {message}")
    assert "replace it with --overwrite instead of --resume" in last


@pytest.mark.parametrize(
    ("options", "settings", "message"),
    [
        (["--vectors", "nowhere.txt"], "", "nowhere.txt: no such file of word vectors"),
        (["--model", "sentence_cnn", "--network.weights", "nowhere"], "", "nowhere"),
        ([], "network: {weights: nowhere}", "nowhere"),
        (["--init-from", "STUDENT", "--text.normalize", "nfkc"], "", "has text.normalize "),
    ],
    ids=["vectors", "weights of the student", "weights of the teacher", "bundle to start from"],
)
def test_mistakes_of_the_student_are_found_before_the_teacher_is_trained(
    options, settings, message, student, news_csv, write, tmp_path
):
    teacher = ["--teacher", "sentence_cnn", "--teacher-config", write("teacher.yaml", settings)] if settings else []
    options = [str(student[0]) if option == "STUDENT" else option for option in options]
    output = tmp_path / "new" / "out"
    refused = command("distill", "--data", news_csv, *(teacher or ["--teacher", "bow"]), *options, "--output", output)
    assert refused.status == 1 and message in refused.err.splitlines()[-1], refused.err
    assert "training the teacher" not in refused.err and not output.parent.exists()


def test_settings_of_another_model_are_not_those_of_the_teacher(news_csv, write, tmp_path):
    settings = write("teacher.yaml", "model: word_cnn\n")
    options = ("--teacher", "bow", "--teacher-config", settings, "--data", news_csv, "--output", tmp_path / "out")
    refused = command("distill", *options)
    assert refused.status == 1 and "teacher.yaml: has the settings of word_cnn, and the teacher is bow" in refused.err


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        ("distill", [], "--teacher is missing; give the name of a model, the folder of a bundle, a file of class"),
        ("train", ["--unlabelled", "more.txt"], "--unlabelled: texts without labels need a teacher"),
        ("train", ["--teacher", "bow"], "--teacher bow: only python -m pipelines.distill trains a model as a teacher"),
        ("distill", ["--teacher", "bow", "--unlabelled", "nowhere.txt"], "no file or folder 'nowhere.txt'"),
        ("distill", ["--teacher", "bow", "--teacher-config", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (
            "distill",
            ["--teacher", "a.csv", "--teacher-config", "kim2014_rand"],
            "--teacher a.csv is not the name of a model",
        ),
        ("distill", ["--teacher", "nowhere.csv"], "--teacher nowhere.csv: no such file or folder"),
        ("distill", ["--teacher", "a:b", "--unlabelled", "nowhere.txt"], "no file or folder 'nowhere.txt'"),
    ],
    ids=[
        "no teacher",
        "unlabelled alone",
        "model in a training",
        "missing texts of a model",
        "missing settings",
        "settings without a model",
        "missing file",
        "missing texts",
    ],
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
