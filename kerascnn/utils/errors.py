"""The exception for errors that users can correct, and parts of its messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

MAX_SHOWN_LABELS = 10
"""Most labels that a message names."""


class InputError(ValueError):
    """An input of the user cannot be used: a file, a row, a setting or a bundle.

    The message is one line that names the file, the row, the value and the remedy, if they apply. Commands print it
    without a traceback and exit with status 1.
    """


def to_one_line(error: BaseException) -> str:
    """Return the message of an exception without line breaks."""
    return " ".join(str(error).split())


def quote_names(names: Sequence[object], limit: int = 5) -> str:
    """Return the first ``limit`` names in quotes, separated by commas."""
    return ", ".join(map(repr, names[:limit])) + ", …" * (len(names) > limit)


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return the end of an error message, ``; did you mean 'text'?``, or an empty string if no name is similar."""
    similar = difflib.get_close_matches(name, list(names), n=3)
    return f"; did you mean {' or '.join(map(repr, similar))}?" if similar else ""


def list_choices(name: str, names: Iterable[str]) -> str:
    """Return the same as ``did_you_mean``, or all names if none is similar."""
    names = list(names)
    return did_you_mean(name, names) or f"; there are {', '.join(names)}"
