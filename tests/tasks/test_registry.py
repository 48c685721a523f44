"""Tasks by name and by the form of labels, and what it takes to add one."""

import pytest

from kerascnn import TextClassifier, load, tasks
from kerascnn.data.records import Row
from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL, SingleLabel, get_task, infer_task, infer_task_of_rows, register
from kerascnn.utils.errors import InputError


class Priorities(list):
    """Labels in a form of their own."""


class PriorityTask(SingleLabel):
    """A task that is added by its class and one call of ``register``."""

    name = "priority"
    summary = "Sorts text into {} priorities"

    def accepts(self, labels):
        return isinstance(labels, Priorities)


@pytest.fixture
def priority_task(monkeypatch):
    monkeypatch.setattr(tasks, "_TASKS", dict(tasks._TASKS))
    return register(PriorityTask())


def test_returns_tasks_by_name():
    assert get_task("single_label") is SINGLE_LABEL and get_task("multi_label") is MULTI_LABEL
    with pytest.raises(InputError, match="no task is called 'multilabel'; did you mean 'multi_label'"):
        get_task("multilabel")


def test_infers_task_of_rows():
    single, several = Row("a", ("x",), "a.csv", 1), Row("b", ("x", "y"), "b.jsonl", 1, "multi_label")
    assert infer_task_of_rows([single]) is infer_task_of_rows([]) is SINGLE_LABEL
    assert infer_task_of_rows([single, several]) is MULTI_LABEL


def test_names_unsupported_feature_and_remedy():
    with pytest.raises(InputError, match="--label-errors: the data is multi-label; remove the option"):
        MULTI_LABEL.require("label_errors", "--label-errors")
    SINGLE_LABEL.require("label_errors", "--label-errors")


def test_registered_task_trains_saves_and_loads(priority_task, reviews_zh, tmp_path):
    texts, labels = reviews_zh
    assert infer_task(Priorities(labels)) is priority_task and infer_task(labels) is SINGLE_LABEL
    classifier = TextClassifier(model="bow", max_length=16)
    classifier.fit(texts, Priorities(labels)).save(tmp_path / "bundle")
    loaded = load(tmp_path / "bundle")
    assert loaded.bundle_.task is priority_task
    assert loaded.predict(texts).tolist() == classifier.predict(texts).tolist()
    assert "Sorts text into 2 priorities" in (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
