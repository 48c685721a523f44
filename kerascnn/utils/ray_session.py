"""Start Ray, or connect to a Ray that runs, and share work among its actors."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from kerascnn.utils.cpu import available_cpus
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.stderr import suppress_native_stderr

OBJECT_STORE_BYTES = 100_000_000
"""Size of the object store of a local Ray: only file names and counts go through it."""
CONNECT_TIMEOUT_SECONDS = 10
ONE_CORE_ENVIRONMENT = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "-1",
}
"""Environment variables that limit TensorFlow to the core of its worker."""


def import_ray() -> Any:
    """Return the module ``ray``, with ``ray.data``.

    Raises:
        InputError: It is not installed.
    """
    ray = import_optional("ray", "ray")
    import_optional("ray.data", "ray")
    return ray


@contextlib.contextmanager
def ray_session(workers: int) -> Iterator[Any]:
    """Use the Ray that runs already, the cluster at ``RAY_ADDRESS``, or start a local Ray.

    Args:
        workers: Number of cores of a local Ray; 0: all.

    Yields:
        The module ``ray``.

    Raises:
        InputError: Ray is not installed, or its cluster cannot be reached.
    """
    ray = import_ray()
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield ray
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with suppress_native_stderr():
        _start_ray(ray, workers)
    try:
        yield ray
    finally:
        ray.shutdown()


def map_with_actors(
    actor: type, arguments: tuple[Any, ...], items: Sequence[dict[str, Any]], *, workers: int, hint: str,
    max_errors: int = 0,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Share items among actors of Ray Data, which have one core each.

    Args:
        actor: Class of the actors, called with one item; sets ``ONE_CORE_ENVIRONMENT`` before it imports TensorFlow.
        arguments: Arguments of its constructor.
        items: Columns of each item.
        workers: Number of actors; 0: one for each core.
        hint: What to do if Ray stops, for the message.
        max_errors: Number of items that may fail with an error, which Ray logs; -1: any number.

    Yields:
        Columns of each result, in the order in which the items finish.

    Raises:
        InputError: Ray is not installed, its cluster cannot be reached or is lost, or too many items failed.
    """
    with ray_session(workers) as ray:
        size = min(workers or max(1, int(ray.cluster_resources().get("CPU", 1))), len(items))
        results = ray.data.from_items(list(items), override_num_blocks=len(items)).map(
            actor,
            fn_constructor_args=arguments,
            # an actor gets its next item when it has finished the last one
            compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
        )
        results.context.enable_progress_bars = False
        results.context.max_errored_blocks = max_errors
        try:
            yield from results.iter_rows()
        except ray.exceptions.RayError as error:
            raise InputError(f"Ray stopped ({str(error).strip().splitlines()[-1]}); {hint}") from None


def _start_ray(ray: Any, workers: int) -> None:
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address := os.environ.get("RAY_ADDRESS"):
        try:
            _check_reachable(address)
            ray.init(address=address, **quiet)
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"RAY_ADDRESS {address}: no Ray cluster answers there ({to_one_line(error)})") from None
    else:
        ray.init(
            address="local",
            num_cpus=workers or available_cpus(),
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            **quiet,
        )


def _check_reachable(address: str) -> None:
    """Connect to the address once; Ray itself would retry for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_SECONDS).close()
