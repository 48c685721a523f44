"""Files of object stores and servers by their address, such as ``s3://bucket/rows.csv``, through fsspec."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional

EXTRA = "cloud"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
"""A protocol has two letters at least: one is a drive of Windows."""


def is_remote(path: str) -> bool:
    """Return whether a path is an address with a protocol, such as ``s3://``, ``gs://`` or ``https://``."""
    return bool(_ADDRESS.match(path))


@contextlib.contextmanager
def open_remote(path: str) -> Iterator[io.BufferedReader]:
    """Open a file for reading, with random access.

    Raises:
        InputError: fsspec or the package of the protocol is not installed, or the file cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        with _describe_errors(path, "cannot be opened"):
            files, name = _find_file_system(path)
            if files.isdir(name):
                raise InputError(f"{path} is a folder; give its files, as {path.rstrip('/')}/*.csv")
            file = stack.enter_context(files.open(name, "rb"))
        yield cast(io.BufferedReader, stack.enter_context(io.BufferedReader(file)))


def find_remote(pattern: str) -> list[str]:
    """Return the sorted addresses of the files that a glob pattern matches; an address without wildcards is one.

    Raises:
        InputError: No file matches, or the store cannot be read.
    """
    if not any(sign in pattern for sign in "*?["):
        return [pattern]
    with _describe_errors(pattern, "cannot be read"):
        files, name = _find_file_system(pattern)
        found = sorted(files.unstrip_protocol(path) for path in files.glob(name) if not files.isdir(path))
        if not found:
            raise InputError(f"no file {pattern!r}")
        return found


def describe_remote(path: str) -> tuple[int, str]:
    """Return the size of a file, 0 if it is not known, and a hash that changes with its size, time or entity tag.

    Raises:
        InputError: The file cannot be opened.
    """
    with _describe_errors(path, "cannot be opened"):
        files, name = _find_file_system(path)
        facts = files.info(name)
        digest = hashlib.sha256(repr(sorted((key, str(value)) for key, value in facts.items())).encode())
        return facts.get("size") or 0, digest.hexdigest()


def check_remote(path: str) -> None:
    """Check that the packages for an address are installed, before other work.

    Raises:
        InputError: They are not.
    """
    with _describe_errors(path, "cannot be opened"):
        _find_file_system(path)


@contextlib.contextmanager
def write_remote(path: str) -> Iterator[IO[str]]:
    """Write a text file, gzipped if its name ends in .gz, as a whole: it is copied from a temporary file.

    Raises:
        InputError: The packages are not installed, or the file cannot be written.
    """
    check_remote(path)
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder) / PurePosixPath(path).name
        with atomic_write(local) as file:
            yield file
        with _describe_errors(path, "cannot be written"):
            files, name = _find_file_system(path)
            files.put_file(str(local), name)


def _find_file_system(path: str) -> tuple[Any, str]:
    return cast(tuple[Any, str], import_optional("fsspec.core", EXTRA).url_to_fs(path))


@contextlib.contextmanager
def _describe_errors(path: str, failure: str) -> Iterator[None]:
    """Raise ``InputError`` for any error in the block: each protocol has exceptions of its own."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path} {failure}: no such file") from None
    except ImportError as error:
        raise InputError(f'{path} {failure}: {to_one_line(error)}; pip install "kerascnn[{EXTRA}]"') from None
    except Exception as error:
        raise InputError(f"{path} {failure}: {to_one_line(error) or type(error).__name__}") from None
