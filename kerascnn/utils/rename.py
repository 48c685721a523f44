"""Swap two files or folders in one step, where the operating system can."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_RENAME_SWAP = 2


def exchange(first: Path, second: Path) -> bool:
    """Swap two existing paths of a file system: at each moment both exist.

    Returns:
        Whether they are swapped; else nothing has changed, because the system or the file system cannot do it.
    """
    paths = os.fsencode(first), os.fsencode(second)
    if sys.platform == "linux":
        rename = getattr(ctypes.CDLL(None), "renameat2", None)  # glibc 2.28 and later
        return rename is not None and rename(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0
    if sys.platform == "darwin":
        rename = getattr(ctypes.CDLL(None), "renamex_np", None)
        return rename is not None and rename(*paths, _RENAME_SWAP) == 0
    return False
