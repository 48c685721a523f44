"""A folder of what was computed from data, found again by the values that it depends on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kerascnn.utils.atomic_files import atomic_folder, finish_replacement
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import OutputLockedError
from kerascnn.utils.sealed_json import read_sealed_json, write_sealed_json

MANIFEST = "manifest.json"
"""File of an entry that is written last, with the sizes of all others."""
SCHEMA_VERSION = 1
WAIT_SECONDS = 0.5
"""Time between two looks at an entry that another process writes."""


@dataclass(frozen=True)
class Cache:
    """Entries of a folder; each is a folder of files.

    An entry is written under another name and renamed, so that it is there completely or not at all. If another process
    writes it, this one waits for it.
    """

    folder: Path

    def find_or_write(self, name: str, key: Mapping[str, Any], write: Callable[[Path], Mapping[str, Any]]) -> Path:
        """Return the folder of an entry, which is written if it is missing, incomplete or damaged.

        Args:
            name: Kind of the entry, the start of the folder's name.
            key: All plain values that its content depends on.
            write: Writes the files of the entry into an empty folder, and returns plain values to keep.
        """
        path = self.folder / f"{name}-{hash_key({'kerascnn': version('kerascnn'), **key})[:16]}"
        while not _is_complete(path):
            try:
                with atomic_folder(path) as partial:
                    values = write(partial)
                    sizes = {file.relative_to(partial).as_posix(): file.stat().st_size for file in _list_files(partial)}
                    write_sealed_json(
                        partial / MANIFEST, {"schema_version": SCHEMA_VERSION, "values": values, "sizes": sizes}
                    )
            except OutputLockedError:
                time.sleep(WAIT_SECONDS)
        return path


def read_values(path: Path) -> dict[str, Any]:
    """Return the values that the writer of an entry returned."""
    values: dict[str, Any] = _read_manifest(path)["values"]
    return values


def hash_key(key: Mapping[str, Any]) -> str:
    """Return the hash of plain values, hexadecimal."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    return read_sealed_json(path / MANIFEST, schema_version=SCHEMA_VERSION, remedy=f"delete {path}")


def _is_complete(path: Path) -> bool:
    finish_replacement(path)
    try:
        sizes = _read_manifest(path)["sizes"]
        return bool(all((path / name).stat().st_size == size for name, size in sizes.items()))
    except (InputError, OSError, KeyError, TypeError, AttributeError):
        return False


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
