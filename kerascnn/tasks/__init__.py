"""Tasks: everything in which one label per document and several labels per document differ.

A task converts labels to *targets* and back, chooses loss and metrics, and turns probabilities into predictions. The
rest of the package calls the methods of ``Task`` and never asks which task it has. Targets and predictions of a task
have the same form.
"""

from __future__ import annotations

from typing import Any

from kerascnn.tasks.base import Task
from kerascnn.tasks.multi_label import MultiLabel
from kerascnn.tasks.single_label import SingleLabel
from kerascnn.utils.errors import InputError, list_choices

__all__ = ["MULTI_LABEL", "SINGLE_LABEL", "MultiLabel", "SingleLabel", "Task", "get_task", "infer_task", "register"]

_TASKS: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Make a task known by its name; ``infer_task`` asks tasks registered later first."""
    _TASKS[task.name] = task
    return task


SINGLE_LABEL = register(SingleLabel())
MULTI_LABEL = register(MultiLabel())


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
