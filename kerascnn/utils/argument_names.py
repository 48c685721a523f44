"""Names in messages: options where a command runs, arguments where Python calls.

Messages of the library name a setting as the command line has it, ``--training.learning-rate``. The public methods
change them to the names of arguments, ``learning_rate``, unless a command calls them.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from kerascnn.utils.errors import InputError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_OPTION = re.compile(
    r"(?<![\w'\"/\\-])--(?:(?:text|network|training|transfer|source|distillation|masking)\.)?([a-z][a-z0-9_-]*)"
)
_GROUP = re.compile(r"^settings: (?:(?:text|network|training|transfer|source): )?")
_ARGUMENTS = {
    "text_column": "texts",
    "label_column": "labels",
    "label_columns": "labels",
    "output": "output folder",
    "overwrite": "overwrite=True",
    "resume": "resume=True",
}
"""Options whose arguments have another name or need a value."""
_names = {*_ARGUMENTS, "list_models"}
"""Options that are arguments; what only looks like one in a value, or belongs to another program, stays."""

_is_command: ContextVar[bool] = ContextVar("is_command", default=False)


def add_settings(names: Iterable[str]) -> None:
    """Add the names of settings, whose options become arguments."""
    _names.update(names)


@contextlib.contextmanager
def keep_option_names() -> Iterator[None]:
    """Keep the names of options in messages, for commands."""
    token = _is_command.set(True)
    try:
        yield
    finally:
        _is_command.reset(token)


def name_arguments(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a public function name arguments in its messages."""

    @functools.wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            if _is_command.get():
                raise
            raise InputError(to_argument_names(str(error))) from None

    return call


def name_for_caller(message: str) -> str:
    """Return a message for the user with arguments in place of options, unless a command runs or is named."""
    return message if _is_command.get() or "python -m " in message else _OPTION.sub(_to_argument, message)


def to_argument_names(message: str) -> str:
    """Return a message on one line, with arguments in place of options."""
    message = " ".join(message.splitlines())  # names of files may have line breaks
    message = _GROUP.sub("", message).replace("--validation-data and --test-data", "--validation-data")
    return _OPTION.sub(_to_argument, message)


def _to_argument(match: re.Match[str]) -> str:
    name = match[1].replace("-", "_")
    return _ARGUMENTS.get(name, name) if name in _names else match[0]
