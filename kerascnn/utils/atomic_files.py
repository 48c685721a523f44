"""Files and folders that are written whole or not at all: beside their place first, then renamed."""

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
    """A text file, gzipped if its name ends in .gz; it takes its place when the block ends without an error."""
    beside = path.with_name(f".{path.name}.partial")
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(beside, "wt", encoding="utf-8", newline="") as file:
            yield file
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: Path, *, keep: bool = False) -> Iterator[Path]:
    """A folder to write to, which takes the place of `folder` when the block ends without an error.

    Args:
        folder: The place; what stands there is replaced.
        keep: Start from a copy of what stands there instead of from nothing.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside, old = folder.with_name(f".{folder.name}.partial"), folder.with_name(f".{folder.name}.old")
    shutil.rmtree(beside, ignore_errors=True)
    if keep and folder.exists():
        shutil.copytree(folder, beside)
    else:
        beside.mkdir()
    try:
        yield beside
    except BaseException:
        shutil.rmtree(beside)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(beside, folder)
    shutil.rmtree(old, ignore_errors=True)


def check_output_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder that a bundle must not be written to: better before a training than after it.

    Raises:
        InputError: The folder exists, and is no bundle or is not to be replaced.
    """
    if not folder.exists():
        return
    if not (folder / "manifest.json").exists():
        raise InputError(f"{folder} exists and is no bundle of ours; choose another --output")
    if not overwrite:
        raise InputError(f"{folder} exists already; choose another --output, or replace it with --overwrite")


def read_json(path: Path) -> Any:
    """Read a file of JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, values: Any) -> None:
    """Write JSON for people and programs alike, UTF-8."""
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Hash of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
