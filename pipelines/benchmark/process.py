"""Run the programs of a benchmark, each in its own process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

from kerascnn.utils.errors import InputError

SINGLE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Environment of a program that computes with one thread."""


class ProgramResult(NamedTuple):
    """What a finished program used and printed.

    Attributes:
        output: Its standard output.
        seconds: Wall-clock time from start to end.
        peak_megabytes: Largest resident memory; None on systems that do not report it.
        cpu_seconds: Time of all processor cores together, which other programs change less than ``seconds``; None on
            systems that do not report it.
    """

    output: str
    seconds: float
    peak_megabytes: float | None
    cpu_seconds: float | None


@dataclass
class Program:
    """A running Python process, see ``start_program``."""

    name: str
    process: subprocess.Popen[str]
    stdout: IO[str]
    stderr: IO[str]
    start: float

    @property
    def has_failed(self) -> bool:
        """Whether the process has ended with a non-zero status."""
        return self.process.poll() not in (None, 0)

    def finish(self) -> ProgramResult:
        """Wait for the end of the process.

        Raises:
            InputError: It failed; the message is its last line on standard error.
        """
        peak, cpu_seconds = None, None
        if self.process.returncode is None and hasattr(os, "wait4"):
            _, status, usage = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)
            # the kernel counts in kilobytes, on macOS in bytes
            peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
            cpu_seconds = usage.ru_utime + usage.ru_stime
        self.process.wait()
        seconds = time.perf_counter() - self.start
        for file in (self.stdout, self.stderr):
            file.seek(0)
        if self.process.returncode:
            reason = (self.stderr.read().strip().splitlines() or ["failed"])[-1]
            raise InputError(f"{self.name}: {reason.removeprefix('error: ')}")
        return ProgramResult(self.stdout.read(), seconds, peak, cpu_seconds)


@contextlib.contextmanager
def start_program(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cores: Sequence[int] = (),
    python: str = sys.executable,
) -> Iterator[Program]:
    """Start a Python process and kill it at the end of the block if it still runs.

    Args:
        name: Name of the program in error messages.
        command: Arguments of the Python interpreter.
        environment: Variables to set in addition to those of this process.
        cores: Processor cores to run on; none: all.
        python: The Python interpreter.
    """
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        start = time.perf_counter()
        with pin_to_cores(cores):
            process = subprocess.Popen(
                [python, *command], stdout=stdout, stderr=stderr, text=True,
                env={**os.environ, **(environment or {})},
            )  # fmt: skip
        try:
            yield Program(name, process, stdout, stderr, start)
        finally:
            process.kill()
            process.wait()


def run_program(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    cores: Sequence[int] = (),
    python: str = sys.executable,
) -> ProgramResult:
    """Run a Python process to its end; for the arguments see ``start_program``.

    Raises:
        InputError: It failed; the message is its last line on standard error.
    """
    with start_program(name, command, environment=environment, cores=cores, python=python) as program:
        return program.finish()


@contextlib.contextmanager
def pin_to_cores(cores: Sequence[int]) -> Iterator[None]:
    """Run processes that are started in the block on the given cores; none: on all.

    Raises:
        InputError: The system cannot pin processes, or this process may not use one of the cores.
    """
    if not cores:
        yield
        return
    if not hasattr(os, "sched_setaffinity"):
        raise InputError(f"processes cannot be pinned to cores on {sys.platform}; run this on Linux")
    before = os.sched_getaffinity(0)
    if missing := set(cores) - before:
        raise InputError(f"core {min(missing)} is not available to this process, which has {sorted(before)}")
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
