"""Checks of the arguments of the Python interface, whose messages name the argument."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Iterable, KeysView, Mapping, Sequence, Set
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


def check_verbosity(name: str, value: Any) -> bool:
    """Return whether to show progress; Keras has ``"auto"``, 0, 1 and 2, scikit-learn any number.

    Raises:
        InputError: It is neither of them, nor True or False.
    """
    level = value.tolist() if type(value).__module__ == "numpy" else value
    if isinstance(level, str) and level == "auto":
        return True
    if not isinstance(level, int):
        raise InputError(f"{name}: give True, False, 0, 1, 2 or 'auto'. Received: {shorten(value)}")
    return bool(level)


def check_path(name: str, value: Any) -> Path:
    """Return a path.

    Raises:
        InputError: It is neither a string nor a path, or empty.
    """
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or not path or "\0" in path:
        raise InputError(f"{name}: give the path of a folder. Received: {shorten(value)}")
    return Path(path)


def is_ordered(values: Any) -> bool:
    """Return whether values are not a set; the keys of a dictionary are one, but have an order."""
    return not isinstance(values, Set) or isinstance(values, KeysView)


def to_rows(name: str, values: Any, elements: str) -> Any:
    """Return one value per document as a list, or as the array, column or table that it is.

    Arrays and columns of Arrow and Polars, tensors, other objects that NumPy converts, masked arrays and iterators
    become lists or arrays of NumPy.

    Args:
        name: The argument, for messages.
        values: Its value.
        elements: What its elements are, for messages: ``texts``, ``labels``.

    Raises:
        InputError: It has no elements in an order, or is a table that does not tell which column is meant.
    """
    kind = type(values)  # it has no attributes with the names of columns, as a table of pandas has
    if hasattr(kind, "toarray"):  # a sparse matrix
        return values
    is_arrow = hasattr(kind, "to_pylist")
    is_polars = kind.__module__.partition(".")[0] == "polars"
    if hasattr(kind, "column_names") or (is_polars and hasattr(kind, "columns")):
        of_columns = "; of a table with a column for each label give table.to_pandas()" if elements == "labels" else ""
        raise InputError(
            f"{name}: give a list of {elements}, such as one column of a table{of_columns}. Received: {kind.__name__}"
        )
    if is_arrow or is_polars:
        return values.to_pylist() if is_arrow else values.to_list()
    if hasattr(kind, "numpy") and hasattr(kind, "shape"):
        values = values.numpy()
    elif hasattr(kind, "__array__") and not isinstance(values, Iterable):
        import numpy as np  # deferred: commands import this module

        values = np.asarray(values)
    elif values is None and elements == "labels":  # the last words are those of scikit-learn
        raise InputError(f"{name}: give a list of labels: fit requires y to be passed, but the target y is None")
    is_collection = (
        isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping) and is_ordered(values)
    )
    if not is_collection or getattr(values, "ndim", 1) == 0:
        raise InputError(f"{name}: give a list of {elements}. Received: {kind.__name__} {shorten(values)}")
    if hasattr(kind, "mask") and hasattr(kind, "filled"):
        return values.tolist()  # of NumPy; None where it is masked
    if isinstance(values, list | tuple) or hasattr(values, "__array__"):
        return values
    return list(values)


class CheckedTexts(Sequence[str]):
    """Texts that are known to be strings, and are not held in memory."""


def check_texts(texts: Iterable[str]) -> Sequence[str]:
    """Return the texts as a list of strings, unless they are ``CheckedTexts``.

    Raises:
        InputError: ``texts`` is a single string, a table or no sequence, or an element is not a string.
    """
    if isinstance(texts, CheckedTexts):
        return texts
    if isinstance(texts, (str, bytes)):
        raise InputError(f"texts: give a list of texts, not one text. Received: {shorten(texts)}")
    # the elements of a table are the names of its columns, those of a set have no order
    if isinstance(texts, Mapping) or not is_ordered(texts) or getattr(texts, "ndim", 1) > 1:
        kind = type(texts).__name__
        raise InputError(f"texts: give a list of texts, such as the column table['text'] of a table. Received: {kind}")
    checked = list(to_rows("texts", texts, "texts"))
    for row, text in enumerate(checked):
        if not isinstance(text, str):
            raise InputError(f"row {row}: a text must be a string. Received: {shorten(text)}")
    return checked
