"""Tasks: everything in which one label per document, several labels per document and a label per token differ.

A task converts labels to *targets* and back, chooses loss and metrics, and turns probabilities into predictions. The
rest of the package calls the methods of ``Task`` and never asks which task it has. Targets and predictions of a task
have the same form.

To add a task:

1. Write a subclass of ``Task`` in a file of this folder. The abstract methods say what it needs: the form of its labels
   and targets, loss and metrics, predictions, evaluation, and the sentences of report and model card. List in
   ``unsupported`` the features that make no sense for it.
2. Register an instance below. ``infer_task`` asks the tasks registered last first, so a task must accept only labels
   that no task before it means; a form that two tasks share needs a setting that names the task.
3. If files hold its labels in a form of their own, extend ``data.labels.parse_labels``, which reads them into
   ``Row.labels`` with the name of the task.
4. If its logits have another shape than (documents, labels), give the models that support it a head of that shape.
5. ``edge.py`` and ``export/web_page/classifier.js`` are copied to devices without this package. They decide by the name
   of the task in ``edge.json``: add the name to ``TASKS`` in both, and the rule where ``predicts_list`` is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerascnn.data.records import Row
from kerascnn.tasks.base import Task
from kerascnn.tasks.multi_label import MultiLabel
from kerascnn.tasks.single_label import SingleLabel
from kerascnn.tasks.tagging import Tagging
from kerascnn.utils.errors import InputError, list_choices

__all__ = [
    "MULTI_LABEL", "SINGLE_LABEL", "TAGGING", "MultiLabel", "SingleLabel", "Tagging", "Task", "get_task", "infer_task",
    "infer_task_of_rows", "register",
]  # fmt: skip

_TASKS: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Make a task known by its name; ``infer_task`` asks tasks registered later first."""
    _TASKS[task.name] = task
    return task


SINGLE_LABEL = register(SingleLabel())
MULTI_LABEL = register(MultiLabel())
TAGGING = register(Tagging())


def get_task(name: str) -> Task:
    """Return a task by its name in ``manifest.json``.

    Raises:
        InputError: No task has this name.
    """
    if name not in _TASKS:
        raise InputError(f"no task is called {name!r}{list_choices(name, _TASKS)}")
    return _TASKS[name]


def infer_task(labels: Any) -> Task:
    """Return the task of labels given in Python: multi-label for lists of labels and indicator matrices."""
    return next(task for task in reversed(_TASKS.values()) if task.accepts(labels))


def infer_task_of_rows(rows: Iterable[Row]) -> Task:
    """Return the task of rows. If their labels have the forms of several tasks, it is the one registered last."""
    names = {row.task for row in rows} or {SINGLE_LABEL.name}
    return next(task for task in reversed(_TASKS.values()) if task.name in names)
