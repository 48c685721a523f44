"""Memory that is freed and needed again at once."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of glibc's ``mallopt``."""
MMAP_MAX = 65536
"""The default of glibc."""
TRIM_THRESHOLD = 2**26
"""The highest value that glibc chooses itself."""
ENVIRONMENT = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
"""Environment variables by which a user chooses how glibc keeps memory."""


@contextmanager
def keep_freed_memory() -> Iterator[None]:
    """Keep freed memory in the process until the end of the block, on Linux with glibc; elsewhere do nothing.

    A training step allocates and frees many tensors of megabytes. glibc returns their memory to the kernel, which fills
    every page with zeros when the next step needs it. On a virtual machine this can take as long as the computing. Peak
    memory grows by less than a tenth. An environment variable of glibc takes precedence.
    """
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(libc, "gnu_get_libc_version") or any(name in os.environ for name in ENVIRONMENT):
        yield
        return
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, -1)  # never
    try:
        yield
    finally:
        libc.mallopt(M_MMAP_MAX, MMAP_MAX)
        libc.mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
        libc.malloc_trim(0)
