"""Kill a writer at each of its file events, one process an event, and look at what it leaves.

The events are those that create, write, rename, synchronize, truncate or remove a file or a folder. A write that is
killed has written half of its bytes.
"""

from __future__ import annotations

import builtins
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerascnn.utils import atomic_files

AUDIT_EVENTS = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink")
MAX_EVENTS = 1000


def kill_at_each_event(
    setup: Callable[[], None], write: Callable[[], None], inspect: Callable[[], Any], by: str = "exchange"
) -> list[tuple[Any, Any]]:
    """Return what a writer leaves when it is killed at each of its events, and what it leaves when it runs again.

    Args:
        setup: Makes the files that there were before.
        write: The writer.
        inspect: Returns what there is, as the next start sees it.
        by: How a folder is replaced: ``exchange`` or ``renames``.
    """
    found = []
    for event in range(1, MAX_EVENTS):
        setup()
        if not _run(write, event, by):
            return found
        after_kill = inspect()
        assert not _run(write, 0, by)
        found.append((after_kill, inspect()))
    raise AssertionError("a writer without an end")


def _run(write: Callable[[], None], kill_at: int, by: str) -> bool:
    """Run a writer in a copy of this process, and return whether it was killed."""
    if not (child := os.fork()):
        try:
            count_events(kill_at, by)
            write()
            sys.stdout.flush()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), f"the writer fails at event {kill_at}"
    return status != 0


def count_events(kill_at: int, by: str = "exchange", root: str = "") -> Callable[[], int]:
    """Kill this process at an event.

    Args:
        kill_at: Number of the event, from 1; 0: never.
        by: How a folder is replaced: ``exchange`` or ``renames``.
        root: Folder of the files that count when they are opened or written; empty: all.

    Returns:
        A function that returns the number of events so far.
    """
    count = 0

    def is_last() -> bool:
        nonlocal count
        count += 1
        return count == kill_at

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        is_open = event == "open" and _is_write(arguments[1], arguments[2]) and str(arguments[0]).startswith(root)
        if (is_open or event in AUDIT_EVENTS) and is_last():
            kill()

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if is_last():
                kill()
            return function(*arguments, **options)

        return call

    real_open = builtins.open

    def open_file(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        opened = real_open(file, mode, *arguments, **options)
        if not _is_write(mode, 0) or not str(file).startswith(root):
            return opened
        write = opened.write

        def write_or_die(content: Any) -> Any:
            if is_last():
                write(content[: len(content) // 2])
                opened.flush()
                kill()
            return write(content)

        opened.write = write_or_die
        return opened

    builtins.open = io.open = open_file
    for name in ("fsync", "ftruncate", "write"):
        setattr(os, name, before(getattr(os, name)))
    atomic_files.exchange = before(atomic_files.exchange) if by == "exchange" else lambda first, second: False
    sys.addaudithook(audit)
    return lambda: count


def _is_write(mode: str | None, flags: int) -> bool:
    return any(sign in mode for sign in "wax+") if mode else bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def list_files(folder: Path) -> dict[str, str]:
    """Return the content of every file in a folder, by its path in it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes().decode("latin-1") for path in paths}
