"""Hashes of the files of an export whose runtime has none, so that ``load_predict_fn`` detects damaged ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerascnn.manifest import SCHEMA_VERSION, check_hash
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.sealed_json import read_sealed_json, write_sealed_json


def write_file_hashes(folder: Path, path: Path) -> None:
    """Write the hashes of all files of a folder, also of those in its folders.

    Args:
        folder: The folder.
        path: The file to write, in the folder.
    """
    files = {file.relative_to(folder).as_posix(): sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()}
    path.parent.mkdir(exist_ok=True)
    write_sealed_json(path, {"schema_version": SCHEMA_VERSION, "files": files})


def check_file_hashes(folder: Path, path: Path, names: Sequence[str] = ()) -> None:
    """Check that files of a folder are unchanged since their hashes were written.

    Args:
        folder: The folder.
        path: What ``write_file_hashes`` wrote, or ``edge.json``.
        names: The files to check; none: all.

    Raises:
        InputError: One is missing, changed or damaged.
    """
    files = read_sealed_json(path, schema_version=SCHEMA_VERSION)["files"]
    for name, digest in ((name, files.get(name)) for name in names or files):
        check_hash(folder / name, digest, "export it again")
