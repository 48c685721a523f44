"""A lock on an output, so that two processes never write the same file or folder at the same time."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from kerascnn.utils.errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCKED_BYTE = 1 << 30
"""Byte that is locked; Windows would not let others read the beginning of the file if that were locked."""
_MAX_ATTEMPTS = 10


class OutputLockedError(InputError):
    """Another process or thread writes an output."""


_holders: dict[Path, tuple[int, int]] = {}
"""Outputs that this process has locked, each with the ids of the process and of the thread."""
_holders_guard = threading.Lock()


def lock_training(folder: Path | None, strategy: str) -> contextlib.AbstractContextManager[None]:
    """Lock the folder of a training, if it has one, as ``lock_output``; several workers of one training share theirs.

    Args:
        folder: The folder.
        strategy: ``training.strategy``.
    """
    return contextlib.nullcontext() if folder is None or strategy == "multi_worker" else lock_output(folder)


@contextlib.contextmanager
def lock_output(path: Path) -> Iterator[None]:
    """Lock a file or a folder to write in the block.

    The lock is one of the operating system, on a hidden file beside the output: it ends with the process, also if that
    is killed. A thread may lock what it has locked already. Where a lock file cannot be written, or the file system has
    no locks, the block runs without one.

    Raises:
        OutputLockedError: Another process or thread writes the output.
        OSError: The disk is full.
    """
    path = Path(os.path.realpath(path))
    holder = (os.getpid(), threading.get_ident())
    with _holders_guard:
        found = _holders.get(path)
        is_new = found is None or found[0] != holder[0]  # of a process that this one was forked from
        if is_new:
            missing = [folder for folder in path.parents if not folder.exists()]
            descriptor = _lock(path)
            _holders[path] = holder
    if not is_new:
        if found != holder:
            raise OutputLockedError(f"{path}: another thread is writing it; wait for its end, or choose another output")
        yield
        return
    try:
        yield
    finally:
        with _holders_guard:
            del _holders[path]
            if descriptor is not None:
                _release(_lock_path(path), descriptor)
            with contextlib.suppress(OSError):
                for folder in missing:  # nothing was written if they are empty
                    folder.rmdir()


def _lock_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _lock(path: Path) -> int | None:
    """Return the descriptor of a locked file; None if there can be no lock."""
    if not path.name:  # the root of a file system
        return None
    lock_path = _lock_path(path)
    for _ in range(_MAX_ATTEMPTS):
        try:
            lock_path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            return None
        try:
            _lock_descriptor(descriptor)
            is_current = os.path.samestat(os.fstat(descriptor), os.stat(lock_path))
        except (BlockingIOError, PermissionError):
            owner = os.pread(descriptor, 200, 0) if hasattr(os, "pread") else os.read(descriptor, 200)
            os.close(descriptor)
            name = " ".join(owner.decode("utf-8", "replace").split()) or "another process"
            raise OutputLockedError(
                f"{path}: {name} is writing it; wait for its end, or choose another output"
            ) from None
        except FileNotFoundError:
            is_current = False
        except OSError:  # a file system without locks
            _release(lock_path, descriptor)
            return None
        if is_current:
            try:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
            except OSError as error:  # a full disk
                _release(lock_path, descriptor)
                raise OSError(error.errno, error.strerror, str(path)) from None
            return descriptor
        os.close(descriptor)  # its last holder has removed it
    return None


def _lock_descriptor(descriptor: int) -> None:
    """Lock a byte of a file, without waiting.

    Raises:
        BlockingIOError, PermissionError: Another process has locked it.
    """
    if sys.platform == "win32":
        os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        # unlike flock, children that outlive this process do not keep the lock
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, LOCKED_BYTE)


def _release(path: Path, descriptor: int) -> None:
    """Remove the lock file; others that have opened it notice, see ``_lock``."""
    if sys.platform != "win32":  # Windows removes no open files
        path.unlink(missing_ok=True)
    os.close(descriptor)
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            path.unlink()
