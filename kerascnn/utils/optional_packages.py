"""Packages of the extras, and the backend of Keras."""

from __future__ import annotations

import importlib
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


def require_tensorflow_backend(feature: str) -> None:
    """Check that Keras uses its TensorFlow backend.

    Args:
        feature: Feature that needs the backend, the beginning of the message.

    Raises:
        InputError: Keras uses another backend.
    """
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise InputError(
            f"{feature} needs Keras' TensorFlow backend, not {backend}; unset KERAS_BACKEND, or set it to tensorflow"
        )
