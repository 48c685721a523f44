"""A cluster of worker processes on this machine, for distributed training."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Sequence

from pipelines.benchmark.process import SINGLE_THREAD, start_program


def run_cluster(name: str, command: Sequence[str], cores: Sequence[int]) -> str:
    """Run one worker per core, each with one thread, until all have finished.

    Args:
        name: Name of the program in error messages.
        command: Arguments of the Python interpreter, the same for every worker.
        cores: Processor core of each worker.

    Returns:
        The standard output of the first worker.

    Raises:
        InputError: A worker failed; the message is its last line on standard error.
    """
    with contextlib.ExitStack() as stack:
        programs = [
            stack.enter_context(start_program(name, command, environment=SINGLE_THREAD | variables, cores=[core]))
            for core, variables in zip(cores, cluster_environments(len(cores)), strict=True)
        ]
        while any(program.process.poll() is None for program in programs):
            time.sleep(0.05)
            for program in programs:
                if program.has_failed:
                    program.finish()
        outputs = [program.finish().output for program in programs]
        return outputs[0]


def cluster_environments(count: int) -> list[dict[str, str]]:
    """Return the environment of each worker: ``TF_CONFIG`` with ports of this machine that are free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})}
        for index in range(count)
    ]
