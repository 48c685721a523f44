"""Files and folders that are written completely or not at all: under another name first, then renamed."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from kerascnn.utils.errors import InputError


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    """Open a text file, gzipped if its name ends in .gz, that replaces ``path`` if the block ends without an error."""
    partial = path.with_name(f".{path.name}.partial")
    open_file = gzip.open if path.suffix == ".gz" else open
    try:
        with open_file(partial, "wt", encoding="utf-8", newline="") as file:
            yield file
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: Path, *, keep: bool = False) -> Iterator[Path]:
    """Create a folder that replaces ``folder`` if the block ends without an error.

    Args:
        folder: The final folder; an existing one is replaced.
        keep: Start with a copy of the existing folder instead of an empty one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial, old = folder.with_name(f".{folder.name}.partial"), folder.with_name(f".{folder.name}.old")
    shutil.rmtree(partial, ignore_errors=True)
    if keep and folder.exists():
        shutil.copytree(folder, partial)
    else:
        partial.mkdir()
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(partial, folder)
    shutil.rmtree(old, ignore_errors=True)


def check_output_folder(folder: Path, *, overwrite: bool) -> None:
    """Check before a training that its bundle can be written to a folder.

    Raises:
        InputError: The folder exists, and is not a bundle or must not be replaced.
    """
    if not folder.exists():
        return
    if not (folder / "manifest.json").exists():
        raise InputError(f"{folder} exists and is not a bundle; choose another --output")
    if not overwrite:
        raise InputError(f"{folder} exists already; choose another --output, or replace it with --overwrite")


def read_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, values: Any) -> None:
    """Write indented JSON, UTF-8."""
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the SHA-256 hash of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
