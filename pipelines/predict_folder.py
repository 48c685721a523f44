"""The part of ``predict`` that labels a folder of files, or with Ray the rows of one file."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerascnn.manifest import read_manifest
from kerascnn.scoring.output_columns import OutputSpec
from kerascnn.scoring.runtime_choice import choose_for_folder
from kerascnn.scoring.table_writer import FORMATS
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional, require_pyarrow
from pipelines.command import choose_log, resume_hint

if TYPE_CHECKING:
    from kerascnn.scoring.parts import Part
    from kerascnn.scoring.score_folder import Engine, ScoringSummary
    from pipelines.predict import Arguments

MAX_SHOWN_FILES = 3
"""Most files that a message names."""


def find_parts(args: Arguments) -> list[Part]:
    """Return the files of an input folder, or with Ray the input file; none if they are not files of rows."""
    is_file = args.engine == "ray" and os.path.isfile(args.input)
    if args.texts or not (is_file or os.path.isdir(args.input)):
        return []
    from kerascnn.scoring.parts import list_parts, make_part

    if is_file:
        part = make_part(Path(args.input), Path(args.output), args.source)
        return [part] if part else []
    parts, others = list_parts(Path(args.input), Path(args.output), args.source)
    if parts and others:
        names = ", ".join(others[:MAX_SHOWN_FILES]) + (", …" if len(others) > MAX_SHOWN_FILES else "")
        choose_log(quiet=args.quiet)(f"{args.input}: skipped files with other suffixes: {names}")
    return parts


def predict_folder(args: Arguments, parts: Sequence[Part]) -> None:
    """Score the files of a folder and report the result."""
    output, bundle = Path(args.output), Path(args.bundle)
    if args.output == "-" or output.is_file() or output.suffix.removeprefix(".") in FORMATS:
        reason = f"{args.input} is a folder" if os.path.isdir(args.input) else "--engine ray writes Parquet files"
        raise InputError(f"--output {args.output}: {reason}; name a folder for the predictions")
    if output.resolve() == Path(args.input).resolve():
        raise InputError(f"--output {args.output} is the input folder; name another folder")
    if args.explain:
        raise InputError("--explain does not work with a folder; give one of its files to --input")
    require_pyarrow(f"{args.input}: a folder of files")
    from kerascnn.scoring.score_folder import score_folder
    from kerascnn.scoring.splitting import PIECE_BYTES
    from kerascnn.tasks import get_task

    engine = _choose_engine(args)
    output_spec = OutputSpec(top_k=args.top_k, abstain_below=args.abstain_below, separator=args.source.label_separator)
    task = get_task(read_manifest(bundle)["task"])
    labels = read_escaped_lines(bundle / "labels.txt") if output_spec.separator else []
    output_spec.check(labels, task=task, remedy="leave it out: the columns are lists then")
    with resume_hint("to continue with the remaining files, run the same command"):
        summary = score_folder(
            bundle, parts, output, args.source, output_spec, engine, runtime=choose_for_folder(bundle, args.runtime),
            piece_bytes=PIECE_BYTES if args.engine == "ray" else 0, verbose=not args.quiet,
        )  # fmt: skip
    if args.json:
        print(json.dumps(dataclasses.asdict(summary), ensure_ascii=False))
    _report(args, summary)


def _report(args: Arguments, summary: ScoringSummary) -> None:
    log = choose_log(quiet=args.quiet)
    for name, reason in sorted(summary.failed.items())[:MAX_SHOWN_FILES]:
        place = Path(args.input) / name if os.path.isdir(args.input) else args.input
        log(f"{place} failed: {reason}")
    log(f"wrote {args.output}: {summary}")
    if summary.failed:
        raise InputError(
            f"{len(summary.failed):,} of {summary.parts:,} parts failed; run the same command again to retry them"
        )
    if summary.rejected and not summary.rows:
        raise InputError(f"no row of {args.input} can be read; see {summary.rejected_files[0]}")


def _choose_engine(args: Arguments) -> Engine:
    if args.engine == "local" and args.workers:
        raise InputError("--workers needs --engine ray; the local engine is one process")
    if args.workers < 0:
        raise InputError(f"--workers: {args.workers} is below 0")
    from kerascnn.scoring.local_engine import score_locally
    from kerascnn.scoring.ray_engine import score_with_ray

    if args.engine == "local":
        return score_locally
    import_optional("ray.data", "ray")
    return functools.partial(score_with_ray, workers=args.workers)
