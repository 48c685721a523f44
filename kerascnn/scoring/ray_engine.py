"""Score the parts of a folder with Ray, on the cores of one machine or of a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from kerascnn.scoring.parts import Part
from kerascnn.scoring.worker import PartResult, PartScorer, ScoringJob
from kerascnn.utils.errors import InputError
from kerascnn.utils.ray_session import ONE_CORE_ENVIRONMENT, map_with_actors


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
    results = map_with_actors(
        RayWorker, (job,), [part._asdict() for part in parts], workers=workers, max_errors=-1,
        hint="finished parts are kept, run the same command again to continue",
    )  # fmt: skip
    for row in results:
        if stop := row.pop("stop"):
            raise InputError(stop)
        yield PartResult(**row)
