"""Checks of the arguments of the Python interface, whose messages name the argument."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from kerascnn.utils.errors import InputError

_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = 60
_REPR.maxlist = _REPR.maxtuple = _REPR.maxset = _REPR.maxfrozenset = _REPR.maxdeque = _REPR.maxdict = 4
_REPR.maxarray = 4


def shorten(value: Any) -> str:
    """Return the representation of any value on one short line, for messages."""
    return " ".join(_REPR.repr(value).split())


def check_flag(name: str, value: Any) -> bool:
    """Return a flag as a bool of Python.

    Raises:
        InputError: It is neither True nor False.
    """
    flag = value.tolist() if type(value).__module__ == "numpy" else value
    if not isinstance(flag, bool):
        raise InputError(f"{name}: give True or False. Received: {shorten(value)}")
    return flag


def check_path(name: str, value: Any) -> Path:
    """Return a path.

    Raises:
        InputError: It is neither a string nor a path, or empty.
    """
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or not path or "\0" in path:
        raise InputError(f"{name}: give the path of a folder. Received: {shorten(value)}")
    return Path(path)


def to_rows(name: str, values: Any, elements: str) -> Any:
    """Return one value per document as a list, or as the array, column or table that it is.

    Arrays and columns of Arrow and Polars, tensors, masked arrays and iterators become lists or arrays of NumPy.

    Args:
        name: The argument, for messages.
        values: Its value.
        elements: What its elements are, for messages: ``texts``, ``labels``.

    Raises:
        InputError: It has no elements in an order, or is a table that does not tell which column is meant.
    """
    if hasattr(values, "toarray"):  # a sparse matrix
        return values
    is_arrow = hasattr(values, "to_pylist")
    is_polars = type(values).__module__.partition(".")[0] == "polars"
    if hasattr(values, "column_names") or (is_polars and hasattr(values, "columns")):
        raise InputError(f"{name}: give a list of {elements}, such as one column of a table. Received: {_kind(values)}")
    if is_arrow or is_polars:
        return values.to_pylist() if is_arrow else values.to_list()
    if hasattr(values, "numpy") and hasattr(values, "shape"):
        values = values.numpy()
    is_collection = isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping | Set)
    if not is_collection or getattr(values, "ndim", 1) == 0:
        raise InputError(f"{name}: give a list of {elements}. Received: {_kind(values)} {shorten(values)}")
    if hasattr(values, "mask") and hasattr(values, "filled"):
        return values.tolist()  # of NumPy; None where it is masked
    if isinstance(values, list | tuple) or hasattr(values, "__array__"):
        return values
    return list(values)


def _kind(value: Any) -> str:
    return type(value).__name__
