"""Types of labels: files of a bundle hold their names, and the classifier returns what the training data had."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_WHOLE_NUMBER = re.compile(r"([-+]?[0-9]+)(\.0+)?")
_BOOLEANS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_LARGEST = 2**63
"""Whole numbers of NumPy and Arrow are below it."""


def _parse_int(name: str) -> int:
    if not (match := _WHOLE_NUMBER.fullmatch(name)) or not -_LARGEST <= (value := int(match[1])) < _LARGEST:
        raise ValueError(f"{name!r} is not a whole number of 64 bits")
    return value


def _parse_bool(name: str) -> bool:
    if name.lower() not in _BOOLEANS:
        raise ValueError(f"{name!r} is neither true nor false")
    return _BOOLEANS[name.lower()]


LABEL_TYPES: dict[str, Callable[[str], Any]] = {"str": str, "int": _parse_int, "float": float, "bool": _parse_bool}
"""Name of each type, that of the type in Python, to the function from the name of a label to its value."""


def merge_label_types(names: Iterable[str]) -> str:
    """Return the type of labels whose single types are given by name; ``str`` if they differ."""
    found = set(names)
    if found == {"int", "float"}:
        return "float"
    return found.pop() if len(found) == 1 and found <= LABEL_TYPES.keys() else "str"


def find_label_type(values: Iterable[Any]) -> str:
    """Return the name of the type of labels given in Python."""
    return merge_label_types(type(value).__name__ for value in values)


def name_label(value: Any) -> str:
    """Return the name of a label given in Python, the same as in a file of JSON."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and float(short := f"{value:.15g}") == value:
        return short
    return str(value)


def parse_label_names(names: Sequence[str], label_type: str) -> list[Any]:
    """Return the values of labels.

    Args:
        names: Different names of labels.
        label_type: One of ``LABEL_TYPES``.

    Raises:
        ValueError: A name is not that of a value of the type, or two names have the same value.
    """
    values = [LABEL_TYPES[label_type](name) for name in names]
    if len(set(values)) < len(names):
        raise ValueError("two labels have the same value")
    return values


def choose_label_type(names: Sequence[str], label_type: str) -> str:
    """Return a type if all labels have different values of it, otherwise ``str``."""
    try:
        parse_label_names(names, label_type)
    except ValueError:
        return "str"
    return label_type


def find_label_name(name: str, names: Sequence[str], label_type: str) -> str:
    """Return the name of the label that has the same value as another name, such as ``1`` for ``1.0``.

    Args:
        name: Name of a label, as a file has it.
        names: Names of the labels of a classifier.
        label_type: Type of these labels.

    Returns:
        One of ``names``, or ``name`` unchanged if none has its value.
    """
    if label_type == "str" or name in names:
        return name
    try:
        return names[parse_label_names(names, label_type).index(LABEL_TYPES[label_type](name))]
    except ValueError:
        return name
