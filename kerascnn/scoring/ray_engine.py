"""Score the parts of a folder with Ray, on the cores of one machine or of a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from kerascnn.scoring.parts import Part
from kerascnn.scoring.worker import PartResult, PartScorer, ScoringJob
from kerascnn.utils.errors import InputError
from kerascnn.utils.ray_session import ONE_CORE_ENVIRONMENT, choose_size, ray_session


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
    with ray_session(workers) as ray:
        results = ray.data.from_items([part._asdict() for part in parts], override_num_blocks=len(parts)).map(
            RayWorker,
            fn_constructor_args=(job,),
            # an actor gets its next part when it has finished the last one
            compute=ray.data.ActorPoolStrategy(
                size=choose_size(ray, workers, len(parts)), max_tasks_in_flight_per_actor=1
            ),
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
