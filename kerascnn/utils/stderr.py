"""Standard error: log messages for the user, and hide the output of native code.

Messages go through the logger ``kerascnn``. Unless it has a handler when this module is imported, it gets one that
prints to standard error, and does not pass messages on to the root logger.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator

from kerascnn.utils.argument_names import name_for_caller
from kerascnn.utils.errors import InputError

Log = Callable[[str], None]
"""A function that receives messages for the user, one or more lines each."""


_NATIVE_STDERR_LOCK = threading.RLock()
"""Held while native standard error goes elsewhere: two threads would restore each other's file."""

LOGGER = logging.getLogger("kerascnn")
"""The logger of all messages for the user."""


class StderrHandler(logging.Handler):
    """Prints messages to standard error, above progress bars."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message."""
        bars = sys.modules.get("tqdm")
        with bars.tqdm.external_write_mode(file=sys.stderr) if bars else contextlib.nullcontext():
            print(self.format(record), file=sys.stderr, flush=True)


def log(message: str) -> None:
    """Log a message for the user; by default to standard error, apart from the results on standard output.

    In Python, options in it become arguments.
    """
    LOGGER.info("%s", name_for_caller(message))


def _add_handler() -> None:
    """Print messages to standard error, unless the logger has been set up already."""
    if LOGGER.level == logging.NOTSET:
        LOGGER.setLevel(logging.INFO)
    if not LOGGER.handlers:
        LOGGER.addHandler(StderrHandler())
        LOGGER.propagate = False


@contextlib.contextmanager
def suppress_native_stderr() -> Iterator[None]:
    """Hide what native code writes to standard error, which no logger reaches; a failure shows it all."""
    if sys.stderr is None:  # closed by who started the process, as pythonw does
        yield
        return
    with _NATIVE_STDERR_LOCK, tempfile.TemporaryFile() as output:
        sys.stderr.flush()
        terminal = os.dup(2)
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


_add_handler()
