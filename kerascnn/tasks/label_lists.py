"""Lists of labels, the form of multi-label data in Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerascnn.utils.errors import InputError

COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)
"""Types of the labels of one document."""


def check_label_list(names: Any, row: int) -> list[Any]:
    """Return the labels of one document as Python strings and numbers."""
    if not isinstance(names, COLLECTIONS):
        raise InputError(f"row {row}: {names!r} where a list of labels is expected; write [{names!r}], or [] for none")
    found = [name.item() if isinstance(name, np.generic) else name for name in names]
    for name in found:
        if not isinstance(name, str | int):
            raise InputError(f"row {row}: the label {name!r} is neither a string nor a whole number")
    return found


def is_list_of_lists(labels: Any) -> bool:
    """Return whether any document has a list of labels; ``check_label_list`` rejects the documents that have none."""
    if isinstance(labels, str | bytes) or getattr(labels, "ndim", 1) != 1 or not hasattr(labels, "__iter__"):
        return False
    return any(isinstance(names, COLLECTIONS) for names in labels)
