"""Single labels as Python values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError

_PANDAS_MISSING = ("NAType", "NaTType")


def find_position(label: Any, positions: Mapping[Any, int]) -> int | None:
    """Return the position of a label; None if it is unknown, as all that cannot be a label are."""
    try:
        return positions.get(label)
    except TypeError:  # not hashable
        return None


def to_label(label: Any, row: int) -> Any:
    """Return a label as a Python string or number; None if it is missing: None, NaN, or a missing value of pandas.

    Args:
        label: The label.
        row: Position of its document, for messages.

    Raises:
        InputError: It is an empty string, bytes or a time of NumPy, or has half of a surrogate pair, which no file can
            store.
    """
    if isinstance(label, np.datetime64 | np.timedelta64):
        if np.isnat(label):
            return None
        raise InputError(f"row {row}: the label {label} is a time; convert it to text, such as with astype(str)")
    if isinstance(label, np.generic):
        label = label.item()
    is_missing = label is None or label is np.ma.masked or type(label).__name__ in _PANDAS_MISSING
    if is_missing or (isinstance(label, float) and math.isnan(label)):
        return None
    if isinstance(label, str):
        if not label.strip():
            raise InputError(f"row {row}: the label is empty; name it, or leave the row out")
        try:
            label.encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"row {row}: the label {label!r} is not valid Unicode; replace its surrogates") from None
    elif isinstance(label, bytes):
        raise InputError(f"row {row}: the label {shorten(label)} is bytes; decode it to a string")
    return label
