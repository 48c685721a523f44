"""Whether two paths are the same file, or one is in the other; paths need not exist."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def find_paths(sources: Iterable[str]) -> Iterator[Path]:
    """Yield the files and folders of sources, also of glob patterns; others, such as ``demo:bbc``, have none."""
    for source in sources:
        yield from map(Path, [source] if os.path.exists(source) else glob.glob(source))


def is_same(path: Path, other: Path) -> bool:
    """Return whether two paths are the same file, also by a link."""
    return _resolve(path) == _resolve(other) or (path.exists() and other.exists() and path.samefile(other))


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether a path is below a folder."""
    return _resolve(folder) in _resolve(path).parents


def _resolve(path: Path) -> Path:
    return Path(os.path.normcase(os.path.realpath(path)))
