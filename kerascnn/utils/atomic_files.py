"""Files and folders that are written completely or not at all: under another name first, then renamed."""

from __future__ import annotations

import contextlib
import errno
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.rename import exchange

FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a write for which there is no room: the disk, a quota, or the largest size of a file."""


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Return the temporary path of a file that replaces ``path`` if the block ends without an error.

    Raises:
        InputError: Another process or thread writes it.
    """
    path = Path(os.path.realpath(path))  # a link stays
    partial = path.with_name(f".{path.name}.partial")
    with lock_output(path):
        try:
            with _name_full_disk(path):
                yield partial
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    """Open a text file, gzipped if its name ends in .gz, that replaces ``path`` if the block ends without an error.

    Raises:
        InputError: Another process or thread writes it.
    """
    open_file = gzip.open if path.suffix == ".gz" else open
    with atomic_path(path) as partial, open_file(partial, "wt", encoding="utf-8", newline="") as file:
        yield file


@contextlib.contextmanager
def atomic_folder(folder: Path, *, keep: bool = False) -> Iterator[Path]:
    """Create a folder that replaces ``folder`` if the block ends without an error.

    Where the system can swap two folders, there is always the old or the new one. Elsewhere there is neither for a
    moment, and ``finish_replacement`` repairs what a killed process left then.

    Args:
        folder: The final folder; an existing one is replaced.
        keep: Start with a copy of the existing folder instead of an empty one.

    Raises:
        InputError: Another process or thread writes it.
    """
    folder = Path(os.path.realpath(folder))  # a link stays
    with lock_output(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        finish_replacement(folder)
        partial, old = _partial_and_old(folder)
        shutil.rmtree(partial, ignore_errors=True)
        if keep and folder.exists():
            shutil.copytree(folder, partial)
        else:
            partial.mkdir()
        try:
            with _name_full_disk(folder):
                yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists() and not exchange(partial, folder):
            os.replace(folder, old)
        if not folder.exists():
            os.replace(partial, folder)
        shutil.rmtree(partial, ignore_errors=True)  # the old folder, if they were swapped
        shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def _name_full_disk(path: Path) -> Iterator[None]:
    """Raise one OSError that names the output for all errors of a full disk or quota, also those of TensorFlow."""
    try:
        yield
    except InputError:  # its message may quote anything
        raise
    except Exception as error:
        if getattr(error, "filename", None):
            raise
        found = [code for code in FULL_DISK if getattr(error, "errno", None) == code or os.strerror(code) in str(error)]
        if not found:
            raise
        raise OSError(found[0], os.strerror(found[0]), str(path)) from None


def finish_replacement(folder: Path) -> None:
    """Finish what ``atomic_folder`` did when its process was killed between two renames; else do nothing.

    At that moment the new folder is complete, and the old one has its temporary name already.

    Raises:
        InputError: Another process replaces the folder at this moment.
    """
    if folder.exists():
        return
    partial, old = _partial_and_old(folder)
    if not old.exists():
        return
    with lock_output(folder):
        if not folder.exists() and old.exists():
            os.replace(partial if partial.exists() else old, folder)
            shutil.rmtree(old, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Remove a folder, of which a killed process leaves either all or nothing under its name."""
    removed = folder.with_name(f".{folder.name}.removed")
    shutil.rmtree(removed, ignore_errors=True)  # of a killed process
    if folder.exists():
        os.replace(folder, removed)
        shutil.rmtree(removed)


def _partial_and_old(folder: Path) -> tuple[Path, Path]:
    folder = Path(os.path.realpath(folder))
    return folder.with_name(f".{folder.name}.partial"), folder.with_name(f".{folder.name}.old")


def check_output_file(path: Path) -> None:
    """Check before any work that a file can be written.

    Raises:
        InputError: The path is a folder, its folder does not exist, or one of them must not be written.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.parent}; create it first")
    for place in (path.parent, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise InputError(f"{path}: {place} is read-only; choose another file")


def check_output_folder(folder: Path, *, overwrite: bool) -> None:
    """Check before a training that its bundle can be written to a folder.

    Raises:
        InputError: The folder exists, and is not a bundle or must not be replaced; or it cannot be created.
    """
    finish_replacement(folder)
    check_output_parent(folder)
    if not folder.exists():
        return
    if not (folder / "manifest.json").exists():
        raise InputError(f"{folder} exists and is not a bundle; choose another --output")
    if not overwrite:
        raise InputError(f"{folder} exists already; choose another --output, or replace it with --overwrite")


def check_output_parent(folder: Path) -> None:
    """Check before any work that a folder can be created or replaced.

    Raises:
        InputError: Its parent is a file, or must not be written.
    """
    ancestor = next(path for path in Path(os.path.realpath(folder)).parents if path.exists())
    if not ancestor.is_dir():
        raise InputError(f"{folder} cannot be created: {ancestor} is a file; choose another --output")
    if not os.access(ancestor, os.W_OK | os.X_OK):
        raise InputError(f"{folder} cannot be written: {ancestor} is read-only; choose another --output")


def read_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, values: Any) -> None:
    """Write indented JSON, UTF-8."""
    path.write_bytes((json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode())


def sha256(path: Path) -> str:
    """Return the SHA-256 hash of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
