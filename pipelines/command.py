"""Parsing into dataclasses, one-line errors and exit codes of all commands."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tyro

from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils import stderr
from kerascnn.utils.argument_names import keep_option_names
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.stderr import Log
from pipelines import option_help
from pipelines.options import subcommands

if TYPE_CHECKING:
    from kerascnn.config import Config
    from kerascnn.tasks import Task

ArgumentsT = TypeVar("ArgumentsT")

INTERRUPTED, TERMINATED = 130, 143
"""Exit status after Ctrl-C and after SIGTERM, as shells have it: 128 + the number of the signal."""


class Termination(KeyboardInterrupt):
    """The signal SIGTERM, with which schedulers and containers stop a process; handled like Ctrl-C."""


def parse(
    kind: type[ArgumentsT], prog: str, description: str | None, argv: Sequence[str] | None, default: Any = None
) -> ArgumentsT:
    """Parse a command line into a dataclass; wrong usage exits with status 2.

    Args:
        kind: The dataclass.
        prog: Name of the command in its help, as the user typed it.
        description: What the command does, for its help.
        argv: The command line without the name; None: that of the process.
        default: Instance that holds the defaults; None: those of the dataclass.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    arguments = {} if default is None else {"default": default}
    shown: Any = kind
    if option_help.wants_help(argv):
        shown = option_help.help_kind(kind, vars(default) if default else {}, show_all=option_help.HELP_ALL in argv)
        argv, arguments = [word for word in argv[:1] if word in subcommands(kind)] + ["--help"], {}
    parsed: ArgumentsT = tyro.cli(
        shown,
        prog=prog,
        description=description,
        args=argv,
        config=(tyro.conf.FlagCreatePairsOff,),
        **arguments,
    )
    return parsed


def run(main: Callable[[], None]) -> None:
    """Run a command and exit with its status: 0, 1 for errors of the input, 2 for wrong usage, 130 for Ctrl-C.

    An ``InputError`` becomes one line on standard error, without a traceback, as does an error of the operating system
    such as a full disk. SIGTERM ends the command as Ctrl-C does, with the status 143. Standard output is UTF-8.
    """
    # None: closed by who started the command; the next file would be opened in its place
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        with keep_option_names(), _raise_termination():
            main()
            sys.stdout.flush()
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
    except KeyboardInterrupt as interrupt:
        with keep_option_names():
            stderr.log("; ".join(["interrupted", *map(str, interrupt.args)]))
        raise SystemExit(TERMINATED if isinstance(interrupt, Termination) else INTERRUPTED) from None
    except BrokenPipeError:
        # the program that reads the output (head, less) has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise SystemExit(f"error: {name}{error.strerror or to_one_line(error)}") from None


@contextlib.contextmanager
def _raise_termination() -> Iterator[None]:
    """Raise ``Termination`` in the block when the process gets SIGTERM."""

    def handle(number: int, frame: object) -> None:
        raise Termination

    is_main = threading.current_thread() is threading.main_thread()  # others must not set handlers
    previous = signal.signal(signal.SIGTERM, handle) if is_main else None
    try:
        yield
    finally:
        if is_main:
            # None: a handler that was not set in Python, and cannot be set again
            signal.signal(signal.SIGTERM, signal.SIG_DFL if previous is None else previous)


@contextlib.contextmanager
def resume_hint(hint: str) -> Iterator[None]:
    """Add to the message of Ctrl-C and SIGTERM how the work in the block can be continued."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise type(interrupt)(hint) from None


def choose_log(*, quiet: bool) -> Log:
    """Return the function that prints messages to standard error; with ``quiet`` one that drops them."""
    return (lambda message: None) if quiet else stderr.log


def read_task_and_labels(folder: str, *, runtime: str = "tensorflow") -> tuple[Task, list[str]]:
    """Read task and label names of a classifier without TensorFlow, for checks before the model is loaded.

    Args:
        folder: The bundle.
        runtime: The runtime that predicts; Keras must have TensorFlow as its backend if it does.

    Raises:
        InputError: The folder is not the bundle of a classifier, or its labels are damaged.
    """
    from kerascnn.manifest import check_files, read_classifier_manifest
    from kerascnn.tasks import get_task

    if runtime == "tensorflow":
        require_tensorflow_backend("a trained classifier")
    manifest = read_classifier_manifest(Path(folder))
    check_files(Path(folder), manifest, ("labels.txt",))
    return get_task(manifest["task"]), read_escaped_lines(Path(folder) / "labels.txt")


def read_bundle_config(folder: str) -> Config[Any]:
    """Read the settings of a bundle without TensorFlow.

    Raises:
        InputError: They are missing or damaged.
    """
    from kerascnn.config import config_from_dict, load_yaml

    path = Path(folder) / "config.yaml"
    return config_from_dict(load_yaml(path), str(path))
