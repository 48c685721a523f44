"""Packages of the extras, and the backend of Keras."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

from kerascnn.utils.errors import InputError


def import_optional(name: str, extra: str) -> Any:
    """Import and return a module of an extra.

    Raises:
        InputError: The module is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f'{name} cannot be imported ({error}); pip install "kerascnn[{extra}]"') from None


def is_installed(name: str) -> bool:
    """Return whether a module is installed, without importing it."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # of the package that it is in; or None in sys.modules
        return False


def check_installed(name: str, extra: str) -> None:
    """Check that a module of an extra is installed, without importing it.

    Raises:
        InputError: It is not; the message names the extra.
    """
    if not is_installed(name):
        raise InputError(f'{name} is not installed; pip install "kerascnn[{extra}]"')


def require_pyarrow(feature: str) -> None:
    """Check that pyarrow is installed, which an installation without TensorFlow may lack.

    Args:
        feature: What needs it, the beginning of the message.

    Raises:
        InputError: It is not.
    """
    if not is_installed("pyarrow"):
        raise InputError(f"{feature} needs pyarrow, which is not installed; pip install pyarrow")


def require_tensorflow_backend(feature: str) -> None:
    """Check that Keras uses its TensorFlow backend, without importing Keras, which imports its backend.

    Args:
        feature: Feature that needs the backend, the beginning of the message.

    Raises:
        InputError: Keras uses another backend, which need not be installed.
    """
    if (backend := find_keras_backend()) != "tensorflow":
        raise InputError(
            f"{feature} needs Keras' TensorFlow backend, not {backend}; unset KERAS_BACKEND, or set it to tensorflow"
        )


def find_keras_backend() -> str:
    """Return the name of the backend that Keras has, or will have when it is imported."""
    if "keras" in sys.modules:
        return str(sys.modules["keras"].backend.backend())
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend
    home = Path("~").expanduser()
    default = home if os.access(home, os.W_OK) else Path("/tmp")
    try:
        settings = json.loads((Path(os.environ.get("KERAS_HOME", default / ".keras")) / "keras.json").read_text())
        return str(settings.get("backend", "tensorflow"))
    except (OSError, ValueError, AttributeError):
        return "tensorflow"
