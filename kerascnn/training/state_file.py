"""The file that holds the state of a training: arrays, and everything else as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.utils.archives import read_arrays
from kerascnn.utils.atomic_files import atomic_path
from kerascnn.utils.errors import InputError, to_one_line

PROGRESS = "progress"
"""Name of the array with the JSON."""


def write_state(path: Path, progress: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Replace the file of a state, which survives a power failure too.

    Args:
        path: The file; its folder is created if necessary.
        progress: Plain values.
        arrays: Arrays by name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as partial, open(partial, "wb") as file:
        contents: dict[str, Any] = {PROGRESS: np.array(json.dumps(progress)), **arrays}
        np.savez(file, **contents)
        file.flush()
        os.fsync(file.fileno())


def read_state(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what ``write_state`` was given.

    Raises:
        InputError: The file is damaged.
    """
    try:
        arrays = read_arrays(path)
        progress = json.loads(str(arrays.pop(PROGRESS)))
        if not isinstance(progress, dict):
            raise TypeError("no progress")
    except InputError:
        raise
    except Exception as error:  # zipfile and NumPy raise many kinds
        raise damaged_state(path, to_one_line(error) or type(error).__name__) from None
    return progress, arrays


def damaged_state(path: Path, reason: str) -> InputError:
    """Return the error for a state that cannot be used."""
    return InputError(f"{path}: not a training state ({reason}); delete it and train again")
