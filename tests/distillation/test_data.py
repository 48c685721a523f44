"""Distillation data and its messages."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn import config as configuration
from kerascnn.data.records import Row, hash_rows
from kerascnn.data.splits import Splits
from kerascnn.distillation import data as distillation_data
from kerascnn.utils.sealed_json import write_sealed_json

TRAIN = [Row("A triumph.", ("good",), "all.csv", 2), Row("A bore.", ("bad",), "all.csv", 3)]
TEST = [Row("A gem.", ("good",), "all.csv", 4)]


@pytest.fixture
def load_messages(tmp_path, monkeypatch):
    """Return a function that distills from a bundle with given training sources and test rows, and returns messages."""
    monkeypatch.setattr(
        distillation_data.teachers, "teacher_probabilities", lambda spec, rows, *_: np.array([[0.1, 0.9]] * len(rows))
    )

    def messages(sources, test, **run):
        data = {"train": {"sources": sources}, "test": {"sha256": hash_rows(test)}}
        manifest = {"task": "single_label", "model": "bow", "layers": {}, "vectorizer": {}, "packages": {}, "files": {}}
        values = {"schema_version": 1, "temperature": 1.0, "thresholds": None, "distillation": None, "data": data}
        values |= {"label_type": "str", "indicator_dtype": None, "scripts": {}, "languages": []}
        write_sealed_json(tmp_path / "manifest.json", manifest | values)
        values = {"data": ["all.csv"], "distillation": {"teacher": str(tmp_path)}, **run}
        run = configuration.default_config("bow").replace_values(values, "test")
        return distillation_data.load_soft_labels(run, Splits(TRAIN, [], TEST)).messages

    return messages


def test_reports_accuracy_of_teacher_on_training_rows(load_messages):
    assert any(
        "predicts the label of 50.0% of the training rows" in message for message in load_messages(["all.csv"], TEST)
    )


@pytest.mark.parametrize(
    ("sources", "test", "run", "warned"),
    [
        (["all.csv"], TEST, {}, False),
        (["all.csv"], TRAIN, {}, True),
        (["other.csv"], TRAIN, {}, False),
        (["all.csv"], TRAIN, {"test_data": ["test.csv"]}, False),
        (["test.csv"], TRAIN, {"test_data": ["test.csv"]}, True),
    ],
    ids=["same split", "other split", "other data", "own test data", "trained on the test data"],
)
def test_warns_if_teacher_may_have_seen_test_rows(sources, test, run, warned, load_messages):
    assert any("it may have seen the test data" in message for message in load_messages(sources, test, **run)) == warned


@pytest.mark.parametrize(
    ("teacher", "settings", "copies"),
    [
        ("bundle", {}, 10),
        ("module:function", {}, 10),
        ("probabilities.csv", {}, 0),
        ("bundle", {"unlabelled": ["more.txt"]}, 0),
        ("bundle", {"unlabelled": ["more.txt"], "spliced_texts": 3}, 3),
        ("bundle", {"spliced_texts": 0}, 0),
    ],
)
def test_texts_are_spliced_if_there_are_no_others(teacher, settings, copies, tmp_path):
    (tmp_path / "bundle").mkdir()
    teacher = str(tmp_path / teacher) if teacher == "bundle" else teacher
    run = configuration.default_config("bow").replace_values({"distillation": {"teacher": teacher, **settings}}, "test")
    assert distillation_data.count_spliced_texts(run.distillation, 100) == copies
    assert distillation_data.count_spliced_texts(run.distillation, 10_000) == min(copies, 5 if copies == 10 else copies)


def test_spliced_texts_are_not_those_of_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(
        distillation_data.teachers, "teacher_probabilities", lambda spec, rows, *_: np.array([[0.1, 0.9]] * len(rows))
    )
    monkeypatch.setattr(distillation_data, "hash_teacher", lambda spec: None)
    train = [Row("a good film of love", ("good",), "all.csv", 2), Row("a bad story of hate", ("bad",), "all.csv", 3)]
    held_out = [Row("a good film of hate", ("good",), "all.csv", 4)]
    values = {"distillation": {"teacher": "module:function", "spliced_texts": 200}}
    run = configuration.default_config("word_cnn").replace_values(values, "test")
    found = distillation_data.load_soft_labels(run, Splits(train, [], held_out))
    assert [row.text for row in found.spliced] == ["a bad story of love"]
    assert len(found.soft_labels) == len(found.rows) == 3
