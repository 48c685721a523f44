"""Score the parts of a folder with Ray, on the cores of one machine or of a cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from kerascnn.scoring.parts import Part
from kerascnn.scoring.worker import PartResult, PartScorer, ScoringJob
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


class RayWorker:
    """An actor of Ray Data that scores parts on one core.

    Args:
        job: What to do with each part.
    """

    def __init__(self, job: ScoringJob) -> None:
        os.environ.update(ONE_CORE_ENVIRONMENT)
        self.scorer = PartScorer(job)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Score one part.

        Args:
            row: Fields of the ``Part``.

        Returns:
            Fields of the ``PartResult``, and ``stop``: the error of the bundle that ends the run, or empty.
        """
        try:
            return self.scorer(Part(**row))._asdict() | {"stop": ""}
        except InputError as error:
            return PartResult(row["output"])._asdict() | {"stop": str(error)}


def score_with_ray(job: ScoringJob, parts: Sequence[Part], workers: int) -> Iterator[PartResult]:
    """Score parts with Ray, one actor per part.

    Ray restarts an actor that died and gives it its part again, without limit; ``PartScorer`` limits the attempts.

    Args:
        job: What to do with each part.
        parts: Parts of the input folder.
        workers: Number of actors, one core each; 0: one for each core.

    Yields:
        Results in the order in which the parts finish; none for a part with an unexpected error, which Ray logs.

    Raises:
        InputError: Ray is not installed, its cluster cannot be reached or is lost, or the bundle cannot be loaded.
    """
    ray = import_optional("ray", "ray")
    import_optional("ray.data", "ray")
    with _ray_session(ray, workers):
        size = min(workers or max(1, int(ray.cluster_resources().get("CPU", 1))), len(parts))
        results = ray.data.from_items([part._asdict() for part in parts], override_num_blocks=len(parts)).map(
            RayWorker,
            fn_constructor_args=(job,),
            # an actor gets its next part when it has finished the last one
            compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
        )
        results.context.enable_progress_bars = False
        results.context.max_errored_blocks = -1  # no limit
        try:
            for row in results.iter_rows():
                if stop := row.pop("stop"):
                    raise InputError(stop)
                yield PartResult(**row)
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(
                f"Ray stopped ({reason}); finished parts are kept, run the same command again to continue"
            ) from None


@contextlib.contextmanager
def _ray_session(ray: Any, workers: int) -> Iterator[None]:
    """Use the Ray that runs already, the cluster at ``RAY_ADDRESS``, or start a local Ray."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with suppress_native_stderr():
        _start_ray(ray, workers)
    try:
        yield
    finally:
        ray.shutdown()


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
