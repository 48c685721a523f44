"""What all commands share: parsing into dataclasses, one-line errors, exit codes."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import tyro

from kerascnn.config import SourceConfig
from kerascnn.data import tfds
from kerascnn.utils.cpu import available_cpus
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log, suppress_native_stderr

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle
    from kerascnn.data.records import Label
    from kerascnn.models.base import ModelConfig

ArgumentsT = TypeVar("ArgumentsT")


def parse(
    kind: type[ArgumentsT], prog: str, description: str | None, argv: Sequence[str] | None, default: Any = None
) -> ArgumentsT:
    """Parse a command line into a dataclass; wrong usage exits with status 2.

    Args:
        kind: The dataclass.
        prog: Name of the command in its help, as the user typed it.
        description: First paragraph of its help.
        argv: The command line without the name; None: that of the process.
        default: Instance that holds the defaults; None: those of the dataclass.
    """
    arguments = {} if default is None else {"default": default}
    return tyro.cli(
        kind,
        prog=prog,
        description=description,
        args=argv,
        config=(tyro.conf.FlagCreatePairsOff,),
        **arguments,
    )


def run(main: Callable[[], None]) -> None:
    """Run a command: what the user can mend is one line on standard error and status 1, never a traceback."""
    try:
        main()
        sys.stdout.flush()
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit("interrupted") from None
    except BrokenPipeError:
        # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def limit_threads(network: ModelConfig) -> None:
    """Give each operation one core where a network has more of them side by side than there are cores.

    Two threads that share the convolution of a few short texts wait for each other longer than is saved. Whoever set
    the variable knows better; it counts only before TensorFlow starts.
    """
    if network.parallel_branches > available_cpus():
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")


def onednn_environment() -> dict[str, str]:
    """The variable that lets TensorFlow compute with oneDNN on every x86 processor; nothing on others.

    Without AVX-512 it does not by itself, although trainings are a fifth faster so.
    """
    return {"TF_ENABLE_ONEDNN_OPTS": "1"} if platform.machine().lower() in ("x86_64", "amd64") else {}


def start_tensorflow() -> None:
    """Import TensorFlow and find its devices without its notes on missing CUDA libraries; set variables win."""
    for name, value in {"TF_CPP_MIN_LOG_LEVEL": "2", **onednn_environment()}.items():
        os.environ.setdefault(name, value)
    with suppress_native_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()


def start_tensorflow_for(specs: Sequence[str]) -> None:
    """Start TensorFlow if it reads one of the sources; for others it can wait until they are known to be sound."""
    if any(spec.startswith(tfds.PREFIX) for spec in specs):
        start_tensorflow()


def load_labelled_texts(data: tuple[str, ...], source: SourceConfig, bundle: Bundle) -> tuple[list[str], list[Label]]:
    """Texts and labels of data that a bundle is measured on; what was left out of it is said.

    Args:
        data: Sources, as for training.
        source: How to read them.
        bundle: Knows the labels, and whether a text has any number of them.
    """
    from kerascnn.data.sources import read_rows
    from kerascnn.data.validation import select_evaluation_rows

    rows, messages = select_evaluation_rows(read_rows(data, source), bundle.labels, multi=bundle.thresholds is not None)
    for message in messages:
        log(message)
    return [row.text for row in rows], [row.label for row in rows]
