"""The distill command, from a teacher to a bundle."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from kerascnn import config as configuration
from kerascnn import load
from kerascnn.config import Source
from kerascnn.data import Row
from kerascnn.errors import InputError
from kerascnn.files import sha256
from kerascnn.transfer import teachers
from tests.pipelines.conftest import SMALL, command


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture(scope="module")
def teacher(news_bundle):
    return load(news_bundle[0])


def test_a_bundle_a_file_and_a_function_with_the_same_probabilities_teach_the_same(
    teacher, news_bundle, news, tmp_path, monkeypatch
):
    texts, labels = news[0][:40], teacher.bundle_.labels
    rows = [Row(text, "", "news.csv", number) for number, text in enumerate(texts)]
    taught = teacher.predict_proba(texts)
    file = write(tmp_path / "answers.csv", [["text", *labels], *([t, *p] for t, p in zip(texts, taught, strict=True))])
    (tmp_path / "bundle_teacher.py").write_text(
        "import kerascnn\n\ndef probabilities(texts, labels):\n"
        f"    return kerascnn.load({str(news_bundle[0])!r}).predict_proba(texts)\n"
    )
    monkeypatch.chdir(tmp_path)
    answers = [
        teachers.ask(spec, rows, labels, Source())
        for spec in (str(news_bundle[0]), str(file), "bundle_teacher:probabilities")
    ]
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])
    np.testing.assert_allclose(answers[0], taught, atol=1e-6)
    with pytest.raises(InputError, match="the teacher does not know the label 'weather'"):
        teachers.ask(str(news_bundle[0]), rows, [*labels, "weather"], Source())
    with pytest.raises(InputError, match=f"the teacher knows the label '{labels[0]}', which no training row has"):
        teachers.ask(str(news_bundle[0]), rows, labels[1:], Source())


def test_a_bundle_teaches_another_on_few_labels_and_much_text(news_bundle, news, tmp_path):
    texts, labels = news
    pairs = list(zip(texts, labels, strict=True))
    few = write(tmp_path / "few.csv", [("text", "label"), *pairs[::10]])
    held_out = write(tmp_path / "test.csv", [("text", "label"), *pairs[1::10]])
    more = tmp_path / "more.txt"
    more.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    student = tmp_path / "student"
    options = [
        "--teacher", news_bundle[0], "--data", few, "--unlabelled", more, "--test-data", held_out, "--epochs", "4",
        "--training.learning-rate", "0.01", "--training.soft-temperature", "1.5", "--output", student, *SMALL,
    ]  # fmt: skip
    finished = command("distill", *options)
    assert finished.status == 0, finished.err
    assert "unlabelled rows whose text is in the test data, left out: 30 (first: " in finished.err
    assert "240 unlabelled texts" in finished.err
    assert "of the training rows their label" in finished.err

    manifest = json.loads((student / "manifest.json").read_text())
    assert manifest["distillation"] == {
        "teacher": str(news_bundle[0]),
        "temperature": 1.5,
        "weight": 0.9,
        "sha256": sha256(news_bundle[0] / "manifest.json"),
    }
    assert manifest["data"]["unlabelled"]["sources"] == [str(more)]
    assert manifest["data"]["unlabelled"]["rows"] == 240
    assert "Distilled from" in (student / "README.md").read_text(encoding="utf-8")
    run = configuration.from_dict(configuration.read(student / "config.yaml"), "config.yaml")
    assert (run.distill.teacher, run.distill.unlabelled) == (str(news_bundle[0]), (str(more),))
    taught = load(news_bundle[0]).predict(texts)
    assert np.mean(load(student).predict(texts) == taught) > 0.7


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        ("distill", [], "--teacher is missing; give the folder of a bundle, a file of class probabilities"),
        ("train", ["--unlabelled", "more.txt"], "--unlabelled: texts without labels need a --teacher"),
        ("distill", ["--teacher", "nowhere.csv"], "--teacher nowhere.csv: there is no such file or folder"),
        ("distill", ["--teacher", "a:b", "--unlabelled", "nowhere.txt"], "no file or folder 'nowhere.txt'"),
        ("distill", ["--teacher", "a:b", "--training.soft-temperature", "0"], "soft_temperature: 0.0 is not above 0"),
    ],
    ids=["no teacher", "unlabelled alone", "missing file", "missing texts", "temperature"],
)
def test_what_the_user_can_mend_is_one_line_and_status_1(verb, options, message, news_csv, tmp_path):
    finished = command(verb, "--data", news_csv, *options, "--output", tmp_path / "out")
    assert finished.status == 1
    assert finished.err.splitlines()[-1].startswith("error: ") and message in finished.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_distilled_bundle_does_not_take_the_place_of_its_teacher():
    from pipelines.train import output_folder

    run = configuration.default("word_cnn").updated({"distill": {"teacher": "saved_models/bbc-word_cnn"}}, "test")
    assert output_folder(run).name == "bbc-word_cnn-distilled"
