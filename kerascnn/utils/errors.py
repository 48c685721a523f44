"""The one exception a person is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Something given by the user cannot be used: a file, a row, a setting, a bundle.

    The message is one line that names the file, the row, the value and the remedy, as far as each applies.
    Commands print it without a traceback and exit with status 1.
    """


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error message: ``; did you mean 'text'?``, or nothing where no name is near."""
    near = difflib.get_close_matches(name, list(names), n=3)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def list_choices(name: str, names: Iterable[str]) -> str:
    """As ``did_you_mean``, but with all names where none is near."""
    names = list(names)
    return did_you_mean(name, names) or f"; there are {', '.join(names)}"
