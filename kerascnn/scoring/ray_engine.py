"""Shares the parts of a folder out to the cores of one machine or of a Ray cluster."""

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
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.stderr import suppress_native_stderr

OBJECT_STORE_BYTES = 100_000_000
"""Object store of a Ray of our own: only names and counts go through it."""
CONNECT_TIMEOUT_SECONDS = 10
ONE_CORE_ENVIRONMENT = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "-1",
}
"""What keeps TensorFlow to the core that a worker was given."""


class RayWorker:
    """An actor of Ray Data: a classifier on one core.

    Args:
        job: What is to be done.
    """

    def __init__(self, job: ScoringJob) -> None:
        os.environ.update(ONE_CORE_ENVIRONMENT)
        self.scorer = PartScorer(job)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Answer the part that a row describes; what is wrong with the bundle goes back under ``stop``."""
        try:
            return self.scorer(Part(**row))._asdict() | {"stop": ""}
        except InputError as error:
            return PartResult(row["output"])._asdict() | {"stop": str(error)}


def score_with_ray(job: ScoringJob, parts: Sequence[Part], workers: int) -> Iterator[PartResult]:
    """Score parts by Ray, each by one actor.

    Ray starts an actor that died again and gives it its part again, without end; ``PartScorer`` makes an end of it.

    Args:
        job: What is to be done.
        parts: The parts.
        workers: Actors, a core each; 0: as many as there are cores.

    Yields:
        Outcomes as they come; none of a part where something unforeseen happened, which Ray logs.

    Raises:
        InputError: Ray is not installed, its cluster cannot be reached or is lost, or the bundle cannot be loaded.
    """
    ray = import_optional("ray", "ray")
    import_optional("ray.data", "ray")
    with _ray_session(ray, workers):
        size = min(workers or max(1, int(ray.cluster_resources().get("CPU", 1))), len(parts))
        outcomes = ray.data.from_items([part._asdict() for part in parts], override_num_blocks=len(parts)).map(
            RayWorker,
            fn_constructor_args=(job,),
            # a part is given to an actor that has nothing to do
            compute=ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
        )
        outcomes.context.enable_progress_bars = False
        outcomes.context.max_errored_blocks = -1
        try:
            for row in outcomes.iter_rows():
                if stop := row.pop("stop"):
                    raise InputError(stop)
                yield PartResult(**row)
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise InputError(f"Ray stopped ({reason}); what is finished stands, the same command goes on") from None


@contextlib.contextmanager
def _ray_session(ray: Any, workers: int) -> Iterator[None]:
    """Ray as it runs already, or the cluster that ``RAY_ADDRESS`` names, or one of our own on this machine."""
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
            reason = " ".join(str(error).split())
            raise InputError(f"RAY_ADDRESS {address}: no cluster of Ray answers there ({reason})") from None
    else:
        processors, store = workers or available_cpus(), OBJECT_STORE_BYTES
        ray.init(address="local", num_cpus=processors, include_dashboard=False, object_store_memory=store, **quiet)


def _check_reachable(address: str) -> None:
    """Make sure that somebody is there; Ray itself would wait for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT_SECONDS).close()
