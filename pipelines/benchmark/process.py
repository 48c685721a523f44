"""Programs of a benchmark, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from kerascnn.utils.errors import InputError

ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""The environment of a program that computes with one thread."""


@dataclass
class Program:
    """A Python process that was started, see ``started``."""

    name: str
    process: subprocess.Popen[str]
    output: IO[str]
    errors: IO[str]
    start: float

    @property
    def failed(self) -> bool:
        """Whether it has ended, and not well."""
        return self.process.poll() not in (None, 0)

    def finish(self) -> tuple[str, float, float | None]:
        """Wait for its end, see ``measured``."""
        peak = None
        if self.process.returncode is None and hasattr(os, "wait4"):
            _, status, usage = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)
            # the kernel counts in kilobytes, on macOS in bytes
            peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        self.process.wait()
        seconds = time.perf_counter() - self.start
        for file in (self.output, self.errors):
            file.seek(0)
        if self.process.returncode:
            reason = (self.errors.read().strip().splitlines() or ["failed"])[-1]
            raise InputError(f"{self.name}: {reason.removeprefix('error: ')}")
        return self.output.read(), seconds, peak


@contextlib.contextmanager
def started(
    name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None, cores: Sequence[int] = ()
) -> Iterator[Program]:
    """Start a Python process, which ends with the block at the latest.

    Args:
        name: What errors call it.
        command: Arguments of the interpreter.
        environment: Variables beside those of this process.
        cores: See ``pinned``.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        with pinned(cores):
            process = subprocess.Popen(
                [sys.executable, *command], stdout=output, stderr=errors, text=True,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip
        try:
            yield Program(name, process, output, errors, start)
        finally:
            process.kill()
            process.wait()


def measured(
    name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None, cores: Sequence[int] = ()
) -> tuple[str, float, float | None]:
    """Run a Python process to its end.

    Args:
        name: See ``started``, as the others.

    Returns:
        What it printed, its seconds, and its peak memory in megabytes (None where the system does not tell).

    Raises:
        InputError: It failed; its last line says why.
    """
    with started(name, command, environment=environment, cores=cores) as program:
        return program.finish()


def together(name: str, command: Sequence[str], cores: Sequence[int]) -> str:
    """Run the processes of one cluster on this machine, each with one thread on a core of its own.

    Returns:
        What the first one printed.

    Raises:
        InputError: One failed; its last line says why.
    """
    with contextlib.ExitStack() as stack:
        programs = [
            stack.enter_context(started(name, command, environment=ONE_THREAD | place, cores=[core]))
            for core, place in zip(cores, cluster(len(cores)), strict=True)
        ]
        while any(program.process.poll() is None for program in programs):
            time.sleep(0.05)
            for program in programs:
                if program.failed:
                    program.finish()
        outputs = [program.finish()[0] for program in programs]
        return outputs[0]


def cluster(count: int) -> list[dict[str, str]]:
    """The environment of each worker of a cluster on this machine: TF_CONFIG, with ports that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})}
        for index in range(count)
    ]


@contextlib.contextmanager
def pinned(cores: Sequence[int]) -> Iterator[None]:
    """What is started in the block runs on some cores; none: on all.

    Raises:
        InputError: The system cannot do that, or has no such core for us.
    """
    if not cores:
        yield
        return
    if not hasattr(os, "sched_setaffinity"):
        raise InputError(f"processes cannot be pinned to cores on {sys.platform}; run this on Linux")
    before = os.sched_getaffinity(0)
    if missing := set(cores) - before:
        raise InputError(f"core {min(missing)} is not among those of this process, {sorted(before)}")
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
