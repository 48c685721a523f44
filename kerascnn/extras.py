"""Packages that only some users need: the extras of the installation."""

from __future__ import annotations

import importlib
from typing import Any

from kerascnn.errors import InputError


def package(name: str, extra: str) -> Any:
    """Import a package of an extra.

    Raises:
        InputError: It is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f'{name} cannot be imported ({error}); pip install "kerascnn[{extra}]"') from None
