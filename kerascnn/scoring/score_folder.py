"""Score a folder of parts: skip finished parts, score the others, and count the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kerascnn.data.config import SourceConfig
from kerascnn.runtimes.runtime import Runtime
from kerascnn.scoring.merging import SplitParts
from kerascnn.scoring.output_columns import OutputSpec
from kerascnn.scoring.parts import PIECES, Part, marker_path, read_finished, remove_partial_files
from kerascnn.scoring.worker import PartResult, ScoringJob
from kerascnn.utils.atomic_files import remove_folder, sha256
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.progress import progress_bar

Engine = Callable[[ScoringJob, Sequence[Part]], Iterator[PartResult]]
"""Scores parts and yields their results in any order."""
MAX_SHOWN_FILES = 3
"""Most files that a message names."""


@dataclass
class ScoringSummary:
    """Content of the output folder after a run.

    Attributes:
        parts: Number of parts in the input folder.
        finished: Number of parts that were finished before this run.
        rows: Number of rows with predictions, of all parts.
        rejected: Number of rows that could not be read, of all parts.
        rejected_files: Files of the rejected rows.
        failed: Reason for each part without predictions, by file name.
    """

    parts: int
    finished: int = 0
    rows: int = 0
    rejected: int = 0
    rejected_files: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, rows: int, rejected: int, rejected_file: Path) -> None:
        """Count the rows of a scored part."""
        self.rows += rows
        self.rejected += rejected
        if rejected:
            self.rejected_files.append(str(rejected_file))

    def __str__(self) -> str:
        """Return one line for the user."""
        earlier = f" ({self.finished:,} finished before)" if self.finished else ""
        counts = [f"{self.parts - len(self.failed):,} of {self.parts:,} parts{earlier}", f"{self.rows:,} rows"]
        if self.rejected:
            names = ", ".join(self.rejected_files[:MAX_SHOWN_FILES])
            hidden = len(self.rejected_files) - MAX_SHOWN_FILES
            counts.append(
                f"{self.rejected:,} rows rejected, see {names}{f' and {hidden:,} more' if hidden > 0 else ''}"
            )
        return ", ".join(counts)


def score_folder(
    bundle: Path,
    parts: Sequence[Part],
    output: Path,
    source: SourceConfig,
    output_spec: OutputSpec,
    engine: Engine,
    *,
    runtime: Runtime = "tensorflow",
    piece_bytes: int = 0,
    verbose: bool = True,
) -> ScoringSummary:
    """Score all parts that are not finished.

    Args:
        bundle: Folder of the classifier.
        parts: Parts of the input folder.
        output: Folder of the predictions; it is created if necessary.
        source: How to read the parts.
        output_spec: Columns to add to each row.
        engine: Scores the parts.
        runtime: The runtime that predicts.
        piece_bytes: Large parts are split into pieces of about this size, which the engine scores as parts; 0: never.
        verbose: Show a progress bar if standard error is a terminal.

    Raises:
        InputError: The bundle cannot be loaded, an output file was not written by kerascnn, or another run writes the
            output.
    """
    job = ScoringJob(
        bundle=str(bundle.absolute()), manifest=sha256(bundle / "manifest.json"), source=source,
        output_spec=output_spec, marker=str(marker_path(output)), runtime=runtime,
    )  # fmt: skip
    with lock_output(output):
        return _score_parts(job, parts, output, engine, piece_bytes, verbose=verbose)


def _score_parts(
    job: ScoringJob, parts: Sequence[Part], output: Path, engine: Engine, piece_bytes: int, *, verbose: bool
) -> ScoringSummary:
    """Score into a folder that no other run writes."""
    summary = ScoringSummary(len(parts))
    remaining = _skip_finished(parts, output, job, summary)
    output.mkdir(parents=True, exist_ok=True)
    remove_partial_files(output, parts)
    split = SplitParts(list(remaining.values()), job, piece_bytes)
    while waiting := split.take_waiting():
        for scored in _run_engine(engine, job, waiting, verbose=verbose):
            if result := split.add_result(scored):
                part = remaining.pop(result.output)
                if result.error:
                    summary.failed[Path(part.path).name] = result.error
                else:
                    summary.add(result.rows, result.rejected, output / part.rejected_path.name)
    for part in remaining.values():
        summary.failed[Path(part.path).name] = "given up, see the messages above"
    remove_partial_files(output, parts)
    if not summary.failed:
        remove_folder(output / PIECES)
    summary.rejected_files.sort()
    return summary


def _skip_finished(parts: Sequence[Part], output: Path, job: ScoringJob, summary: ScoringSummary) -> dict[str, Part]:
    """Return the parts to score by output file, and count the others."""
    remaining, provenance = {}, job.provenance()
    for part in parts:
        if metadata := read_finished(part, provenance):
            summary.finished += 1
            summary.add(metadata["rows"], metadata["rejected"], output / part.rejected_path.name)
        else:
            remaining[part.output] = part
    return remaining


def _run_engine(engine: Engine, job: ScoringJob, parts: Sequence[Part], *, verbose: bool) -> Iterator[PartResult]:
    """Yield the results of an engine; show a progress bar and keep the marker file while it runs."""
    Path(job.marker).touch()
    try:
        with progress_bar(total=len(parts), title="scoring", unit="parts", verbose=verbose) as bar:
            for result in engine(job, parts):
                bar.update()
                yield result
    finally:
        Path(job.marker).unlink(missing_ok=True)
