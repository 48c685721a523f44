"""Score the parts of a folder one after the other, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascnn.scoring.parts import Part
from kerascnn.scoring.worker import PartResult, PartScorer, ScoringJob
from kerascnn.utils.tensorflow_startup import start_tensorflow


def score_locally(job: ScoringJob, parts: Sequence[Part]) -> Iterator[PartResult]:
    """Score parts in their order.

    Yields:
        One result per part.

    Raises:
        InputError: The bundle cannot be loaded.
    """
    if job.runtime == "tensorflow":
        start_tensorflow()
    yield from map(PartScorer(job), parts)
