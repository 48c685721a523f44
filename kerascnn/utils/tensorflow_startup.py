"""Start TensorFlow: set its environment variables, and import it without messages of native code."""

from __future__ import annotations

import contextlib
import gc
import inspect
import logging
import os
import platform
import sys
from collections.abc import Iterator

from kerascnn.utils.cpu import available_cpus
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import is_installed, require_tensorflow_backend
from kerascnn.utils.stderr import suppress_native_stderr


class OwnWarningsFilter(logging.Filter):
    """Drops warnings of TensorFlow's Python code that calls by this package cause, and no others.

    A process that trains several models would be warned that their functions are compiled several times.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a message is shown."""
        frame = inspect.currentframe()
        frame = frame and frame.f_back  # this method does not count
        while frame and record.levelno < logging.ERROR:
            if frame.f_globals.get("__name__", "").startswith("kerascnn."):
                return False
            frame = frame.f_back
        return True


logging.getLogger("tensorflow").addFilter(OwnWarningsFilter())

_process: int | None = None
"""Process in which TensorFlow computes; None before it computes."""


def check_fork() -> None:
    """Check that TensorFlow has not computed in a process that this one was forked from: its threads are not copied.

    Raises:
        InputError: It has, so that a prediction would wait forever.
    """
    if _process not in (None, os.getpid()):
        raise InputError(
            "TensorFlow ran before this process was forked, and does not work in it; load the classifier in each"
            " worker (gunicorn without --preload, uWSGI with lazy-apps), or start workers with"
            " multiprocessing.get_context('spawn')"
        )


def claim_process() -> None:
    """Note that TensorFlow computes in this process from now on.

    Raises:
        InputError: It has computed in a process that this one was forked from.
    """
    global _process
    check_fork()
    if _process is None:
        _find_devices()
    _process = os.getpid()


def limit_threads(parallel_branches: int) -> None:
    """Give each operation one core if a model has more parallel branches than there are cores.

    Two threads that share the convolution of a few short documents wait for each other longer than they save. A value
    that is set already stays. Call this before TensorFlow starts.

    Args:
        parallel_branches: Costly operations of the model that do not depend on each other.
    """
    if parallel_branches > available_cpus():
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


def onednn_environment() -> dict[str, str]:
    """Return the variable that turns on oneDNN, or nothing on processors other than x86.

    TensorFlow uses oneDNN by default with AVX-512 only, although training is a fifth faster with it on any x86 CPU.
    """
    return {"TF_ENABLE_ONEDNN_OPTS": "1"} if platform.machine().lower() in ("x86_64", "amd64") else {}


def start_tensorflow() -> None:
    """Import TensorFlow and find its devices, without messages about missing CUDA libraries.

    Environment variables that are set already stay. If it was not imported before, all objects that exist after the
    import, half a million, are excluded from later searches for garbage, which would each look at all of them.

    Raises:
        InputError: Keras has another backend, or TensorFlow is not installed.
    """
    is_imported = "tensorflow" in sys.modules
    import_tensorflow()
    if not is_imported:
        gc.freeze()
    _find_devices()


def import_tensorflow() -> None:
    """Import TensorFlow as ``start_tensorflow`` does, but without its devices, so that the process may still fork.

    Raises:
        InputError: Keras has another backend, or TensorFlow is not installed.
    """
    require_tensorflow_backend("kerascnn")
    if not is_installed("tensorflow"):
        raise InputError(
            'TensorFlow is not installed; pip install "tensorflow>=2.21"; predictions with an export of the bundle do'
            " not need it (--runtime tflite or onnx)"
        )
    for name, value in {"TF_CPP_MIN_LOG_LEVEL": "2", **onednn_environment()}.items():
        os.environ.setdefault(name, value)
    if "tensorflow" not in sys.modules:
        with suppress_native_stderr(), _pause_garbage_collection():
            import tensorflow  # noqa: F401


@contextlib.contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Search no garbage in the block: an import makes hardly any, and searching takes a quarter of its time."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


def _find_devices() -> None:
    """Find the devices without messages about missing CUDA libraries."""
    with suppress_native_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()
