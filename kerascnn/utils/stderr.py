"""Standard error: print messages for the user, and hide the output of native code."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

from kerascnn.utils.errors import InputError

Log = Callable[[str], None]
"""A function that receives messages for the user, one or more lines each."""


def log(message: str) -> None:
    """Print a message to standard error, apart from the results on standard output."""
    print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def suppress_native_stderr() -> Iterator[None]:
    """Hide what native code writes to standard error, which no logger reaches; a failure shows it all."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as output:
        os.dup2(output.fileno(), 2)
        try:
            yield
        except BaseException as error:
            if not isinstance(error, InputError):
                output.seek(0)
                os.write(terminal, output.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
