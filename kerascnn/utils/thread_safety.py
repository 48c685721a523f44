"""Values that are computed once, also if several threads need them first at the same time."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")

BUILD_LOCK = threading.RLock()
"""Held while a function or a lookup table is built: one that another thread replaces would take its resources along."""


class LockedCachedProperty(cached_property[ValueT]):
    """A ``cached_property`` that one thread computes while others wait, as in Python 3.11 and before."""

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """Return the value; once it is computed, it is an attribute and this method is not called."""
        with BUILD_LOCK:
            return super().__get__(instance, owner)
