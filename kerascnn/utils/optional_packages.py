"""What only some users have: packages of the extras, and the backend of Keras."""

from __future__ import annotations

import importlib
from typing import Any

from kerascnn.utils.errors import InputError


def import_optional(name: str, extra: str) -> Any:
    """Import a package of an extra.

    Raises:
        InputError: It is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f'{name} cannot be imported ({error}); pip install "kerascnn[{extra}]"') from None


def require_tensorflow_backend(what: str) -> None:
    """Refuse to go on where Keras runs on another backend than TensorFlow.

    Args:
        what: What needs it, the beginning of the message.

    Raises:
        InputError: Keras runs on another backend.
    """
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise InputError(
            f"{what} needs Keras' TensorFlow backend, not {backend}; unset KERAS_BACKEND, or set it to tensorflow"
        )
