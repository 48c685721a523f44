"""The processor that this process may use."""

from __future__ import annotations

import os


def available_cpus() -> int:
    """How many cores there are for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
