"""Goes through a folder of parts: what is finished stays, all else is scored, and what came of it is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from kerascnn.config import SourceConfig
from kerascnn.scoring.output_columns import OutputSpec
from kerascnn.scoring.parts import Part, marker_path, read_finished, remove_partial_files
from kerascnn.scoring.worker import PartResult, ScoringJob
from kerascnn.utils.atomic_files import sha256

Engine = Callable[[ScoringJob, Sequence[Part]], Iterator[PartResult]]
"""Scores parts, in any order."""
MAX_NAMES = 3
"""Files that a line names, at the most."""


@dataclass
class ScoringSummary:
    """What stands in the folder of the answers.

    Attributes:
        parts: Parts of the input.
        finished: Those whose answers stood there before.
        rows: Rows with an answer, of all parts.
        rejected: Rows that could not be read, of all parts.
        rejected_files: Where they are.
        failed: Name of a part to why it has no answers.
    """

    parts: int
    finished: int = 0
    rows: int = 0
    rejected: int = 0
    rejected_files: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, rows: int, rejected: int, side: Path) -> None:
        """Count a part that has answers.

        Args:
            rows: Its rows with an answer.
            rejected: The others.
            side: Where they are.
        """
        self.rows += rows
        self.rejected += rejected
        if rejected:
            self.rejected_files.append(str(side))

    def __str__(self) -> str:
        """A line for people."""
        before = f" ({self.finished:,} finished before)" if self.finished else ""
        found = [f"{self.parts - len(self.failed):,} of {self.parts:,} parts{before}", f"{self.rows:,} rows"]
        if self.rejected:
            names = ", ".join(self.rejected_files[:MAX_NAMES])
            more = f" and {len(self.rejected_files) - MAX_NAMES:,} more" if len(self.rejected_files) > MAX_NAMES else ""
            found.append(f"{self.rejected:,} rows rejected, see {names}{more}")
        return ", ".join(found)


def score_folder(
    bundle: Path, parts: Sequence[Part], output: Path, source: SourceConfig, output_spec: OutputSpec, engine: Engine
) -> ScoringSummary:
    """Score parts, but for those that are finished.

    Args:
        bundle: Folder of the classifier.
        parts: The parts.
        output: Folder of the answers, made if it is not there.
        source: How parts are read.
        output_spec: What to predict for each text.
        engine: Does it.

    Raises:
        InputError: The bundle cannot be loaded, or a file of another origin stands where answers are to go.
    """
    job = ScoringJob(
        bundle=str(bundle.absolute()), manifest=sha256(bundle / "manifest.json"), source=source,
        output_spec=output_spec, marker=str(marker_path(output)),
    )  # fmt: skip
    summary, to_do, provenance = ScoringSummary(len(parts)), {}, job.provenance()
    for part in parts:
        if earlier := read_finished(part, provenance):
            summary.finished += 1
            summary.add(earlier["rows"], earlier["rejected"], output / part.rejected_path.name)
        else:
            to_do[part.output] = part
    output.mkdir(parents=True, exist_ok=True)
    remove_partial_files(output, parts)
    if to_do:
        for outcome in _run_engine(engine, job, list(to_do.values())):
            part = to_do.pop(outcome.output)
            if outcome.error:
                summary.failed[Path(part.path).name] = outcome.error
            else:
                summary.add(outcome.rows, outcome.rejected, output / part.rejected_path.name)
    for part in to_do.values():
        summary.failed[Path(part.path).name] = "it was given up, as the messages above say"
    remove_partial_files(output, parts)
    summary.rejected_files.sort()
    return summary


def _run_engine(engine: Engine, job: ScoringJob, parts: Sequence[Part]) -> Iterator[PartResult]:
    """Outcomes, with a progress bar and the file by which workers know the folder that they write to."""
    Path(job.marker).touch()
    try:
        with tqdm(total=len(parts), desc="scoring", unit=" parts", leave=False, disable=None) as bar:
            for outcome in engine(job, parts):
                bar.update()
                yield outcome
    finally:
        Path(job.marker).unlink(missing_ok=True)
