"""Programs of a benchmark, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

from kerascnn.errors import InputError


def measured(name: str, command: Sequence[str]) -> tuple[str, float, float | None]:
    """Run a Python process to its end.

    Returns:
        What it printed, its seconds, and its peak memory in megabytes (None where the system does not tell).

    Raises:
        InputError: It failed; its last line says why.
    """
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([sys.executable, *command], stdout=output, stderr=errors, text=True)
        peak = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            # the kernel counts in kilobytes, on macOS in bytes
            peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        process.wait()
        seconds = time.perf_counter() - start
        for file in (output, errors):
            file.seek(0)
        if process.returncode:
            reason = (errors.read().strip().splitlines() or ["failed"])[-1]
            raise InputError(f"{name}: {reason.removeprefix('error: ')}")
        return output.read(), seconds, peak
