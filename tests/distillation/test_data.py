"""What a teacher says about a training, and what a person is told of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kerascnn import config as configuration
from kerascnn.data import Row, Splits
from kerascnn.data.records import hash_rows
from kerascnn.distillation import data as distillation_data

TRAIN = [Row("A triumph.", "good", "all.csv", 2), Row("A bore.", "bad", "all.csv", 3)]
TEST = [Row("A gem.", "good", "all.csv", 4)]


@pytest.fixture
def messages_of(tmp_path, monkeypatch):
    """The messages of distillation from a bundle that was trained on some sources and tested on some rows."""
    monkeypatch.setattr(
        distillation_data.teachers, "teacher_probabilities", lambda spec, rows, *_: np.array([[0.1, 0.9]] * len(rows))
    )

    def messages(sources, test, **run):
        data = {"train": {"sources": sources}, "test": {"sha256": hash_rows(test)}}
        (tmp_path / "manifest.json").write_text(json.dumps({"schema_version": 1, "data": data}))
        values = {"data": ["all.csv"], "distillation": {"teacher": str(tmp_path)}, **run}
        run = configuration.default_config("bow").replace_values(values, "test")
        return distillation_data.load_soft_labels(run, Splits(TRAIN, [], TEST)).messages

    return messages


def test_how_often_the_teacher_agrees_with_the_labels_is_said(messages_of):
    assert any("gives 50.0% of the training rows their label" in message for message in messages_of(["all.csv"], TEST))


@pytest.mark.parametrize(
    ("sources", "test", "run", "doubtful"),
    [
        (["all.csv"], TEST, {}, False),
        (["all.csv"], TRAIN, {}, True),
        (["other.csv"], TRAIN, {}, False),
        (["all.csv"], TRAIN, {"test_data": ["test.csv"]}, False),
        (["test.csv"], TRAIN, {"test_data": ["test.csv"]}, True),
    ],
    ids=["same split", "other split", "other data", "own test data", "trained on the test data"],
)
def test_a_bundle_that_may_have_seen_the_test_rows_is_named(sources, test, run, doubtful, messages_of):
    assert any("it may have seen the test data" in message for message in messages_of(sources, test, **run)) == doubtful
