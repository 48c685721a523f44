"""Label new text with a bundle: every row keeps its columns and gains label and score."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import functools
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

import tyro

from kerascnn.config import SourceConfig
from kerascnn.manifest import read_manifest
from kerascnn.scoring.output_columns import BATCH_ROWS, OutputSpec, unique_column
from kerascnn.scoring.parts import Part, list_parts
from kerascnn.tasks import get_task
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.errors import InputError
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.stderr import log
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import parse, run

if TYPE_CHECKING:
    from kerascnn import TextClassifier
    from kerascnn.bundle import Bundle
    from kerascnn.data.records import Record
    from kerascnn.scoring.folder import Engine
    from kerascnn.scoring.worker import PartResult, ScoringJob

FORMATS = ("csv", "tsv", "jsonl")
SEPARATOR = ";"
"""Stands between labels where neither the command nor the bundle's own data has another."""
MAX_NAMES = 3
"""Files that a line names, at the most."""
STRONGEST = 8
"""N-grams that are shown to a person."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What to label, and where to."""

    bundle: Annotated[str, tyro.conf.Positional]
    """Folder that training wrote."""
    texts: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Texts to label, in place of --input."""
    input: str = "-"
    """File (csv, tsv, jsonl, parquet, txt with a text a line, also .gz), or folder of such files, but txt; - is
    standard input, a text a line."""
    output: str = "-"
    """File to write (csv, tsv, jsonl, also .gz); - is standard output, as CSV. Of a folder of files the folder that
    gets a Parquet file for each; those that are finished are not done again."""
    engine: Literal["local", "ray"] = "local"
    """Who goes through a folder of files: this process, or workers that Ray starts on this machine, or on the cluster
    that RAY_ADDRESS names (needs the extra ray)."""
    workers: int = 0
    """Workers of --engine ray, a processor core each; 0: one for every core."""
    top_k: int = 1
    """Labels a row: 1 adds label,score; more add label_1,score_1,label_2,… Of multi-label bundles 1 adds all labels
    that reach their threshold, the best first with --label-separator between them, and more the best ones whatever
    their threshold."""
    abstain_below: float = 0.0
    """Leave the label empty where the probability of the best one is lower; find_threshold says what it takes. Not of
    multi-label bundles, whose labels have thresholds of their own."""
    explain: bool = False
    """Also say which n-grams speak for the label and which against it: marked in the text, or with --json as
    logit, bias and contributions."""
    json: bool = False
    """Write JSON lines to standard output; of a folder what came of it, as JSON."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.predict") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    if args.top_k < 1:
        raise InputError(f"--top-k: {args.top_k} is below 1")
    if not 0 <= args.abstain_below <= 1:
        raise InputError(f"--abstain-below: {args.abstain_below} is no probability, from 0 to 1")
    if args.explain and (args.top_k > 1 or args.abstain_below):
        raise InputError("--explain explains the best label; leave out --top-k and --abstain-below")
    if parts := _parts(args):
        _label_parts(args, parts)
    else:
        _label_rows(args)


def _label_rows(args: Arguments) -> None:
    """Label texts that come one after the other, from a file, standard input or the command line."""
    if args.engine == "ray" or args.workers:
        raise InputError(
            f"--engine ray shares out the files of a folder, and {'TEXTS' if args.texts else args.input!r} is none with"
            " files of rows; give --input FOLDER, or leave out --engine and --workers"
        )
    style = "jsonl" if args.json else _style(args.output)
    if args.explain and args.output != "-" and style != "jsonl":
        raise InputError(f"--explain: its answer is no table; write --output NAME.jsonl instead of {args.output}")
    start_tensorflow()
    from kerascnn import load
    from kerascnn.data.records import Record
    from kerascnn.data.sources import read_texts

    classifier = load(args.bundle)
    if args.texts:
        records: Iterable[Record] = (
            Record({args.source.text_column: text}, "arguments", number) for number, text in enumerate(args.texts, 1)
        )
    else:
        records = read_texts(args.input, args.source)
    with contextlib.nullcontext(sys.stdout) if args.output == "-" else atomic_write(Path(args.output)) as file:
        if args.explain:
            _explain(classifier, records, args, file, as_json=style == "jsonl")
            return
        output_spec, write = _output_spec(args, classifier.bundle_, style), _writer(file, style)
        for row in _labelled(classifier, records, args.source.text_column, output_spec):
            write(row)


def _output_spec(args: Arguments, bundle: Bundle, style: str) -> OutputSpec:
    """What is to be said of a row: several labels are a list in JSON, and stand in one cell elsewhere."""
    separator = args.source.label_separator or bundle.config.source.label_separator or SEPARATOR
    output_spec = OutputSpec(
        top_k=args.top_k,
        abstain_below=args.abstain_below,
        separator="" if style == "jsonl" or args.top_k > 1 else separator,
    )
    output_spec.check(bundle.labels, task=bundle.task, otherwise="write --output NAME.jsonl")
    return output_spec


def _labelled(
    classifier: TextClassifier, records: Iterable[Record], text_column: str, output_spec: OutputSpec
) -> Iterator[dict[str, Any]]:
    """The columns of each record and its labels, a chunk at a time, so that a file of any size fits in memory."""
    records = iter(records)
    while chunk := list(itertools.islice(records, BATCH_ROWS)):
        answers = output_spec.predict_columns(classifier, [record.fields[text_column] for record in chunk])
        for record, answer in zip(chunk, answers, strict=True):
            yield record.fields | {unique_column(name, record.fields): value for name, value in answer.items()}


def _parts(args: Arguments) -> list[Part]:
    """The files of rows in the folder that is to be labelled; none where it is something else."""
    if args.texts or not os.path.isdir(args.input):
        return []
    parts, others = list_parts(Path(args.input), Path(args.output), args.source)
    if parts and others:
        names = ", ".join(others[:MAX_NAMES]) + (", …" if len(others) > MAX_NAMES else "")
        log(f"{args.input}: left out, for their names are not those of files of rows: {names}")
    return parts


def _label_parts(args: Arguments, parts: Sequence[Part]) -> None:
    """Label the files of a folder, a Parquet file each, and say what came of it."""
    output, bundle = Path(args.output), Path(args.bundle)
    if args.output == "-" or output.is_file() or output.suffix.removeprefix(".") in FORMATS:
        raise InputError(f"--output {args.output}: {args.input} is a folder; name a folder for its answers")
    if output.resolve() == Path(args.input).resolve():
        raise InputError(f"--output {args.output} is the folder of the input; name another")
    if args.explain:
        raise InputError("--explain is not for a folder; give one of its files to --input")
    from kerascnn.scoring.folder import score_folder

    engine = _engine(args)
    output_spec = OutputSpec(top_k=args.top_k, abstain_below=args.abstain_below, separator=args.source.label_separator)
    task = get_task(read_manifest(bundle)["task"])
    labels = read_escaped_lines(bundle / "labels.txt") if output_spec.separator else []
    output_spec.check(labels, task=task, otherwise="leave it out: labels are lists")
    summary = score_folder(bundle, parts, output, args.source, output_spec, engine)
    if args.json:
        print(json.dumps(dataclasses.asdict(summary), ensure_ascii=False))
    for name, reason in itertools.islice(sorted(summary.failed.items()), MAX_NAMES):
        log(f"{Path(args.input) / name} failed: {reason}")
    log(f"wrote {args.output}: {summary}")
    if summary.failed:
        raise InputError(f"{len(summary.failed):,} of {len(parts):,} parts failed; the same command tries only these")
    if summary.rejected and not summary.rows:
        raise InputError(f"no row of {args.input} can be read; see {summary.rejected_files[0]}")


def _engine(args: Arguments) -> Engine:
    if args.engine == "local" and args.workers:
        raise InputError("--workers is for --engine ray; the local engine is one process")
    if args.workers < 0:
        raise InputError(f"--workers: {args.workers} is below 0")

    from kerascnn.scoring import ray_engine
    from kerascnn.scoring.worker import PartScorer

    def local(job: ScoringJob, parts: Sequence[Part]) -> Iterator[PartResult]:
        start_tensorflow()
        yield from map(PartScorer(job), parts)

    if args.engine == "local":
        return local
    import_optional("ray.data", "ray")
    return functools.partial(ray_engine.score_with_ray, workers=args.workers)


def _explain(
    classifier: TextClassifier, records: Iterable[Record], args: Arguments, file: IO[str], *, as_json: bool
) -> None:
    """Write an explanation a record: a JSON line, or for people the marked text and its strongest n-grams."""
    from kerascnn.evaluation.explanation import replace_control_characters

    color = file.isatty() and "NO_COLOR" not in os.environ
    for record in records:
        found = classifier.explain(record.fields[args.source.text_column])
        if as_json:
            row = record.fields | {unique_column(name, record.fields): value for name, value in found.to_dict().items()}
            print(json.dumps(row, ensure_ascii=False), file=file)
            continue
        print(f"{found.label} {found.score:.4f}\n{found.to_text(color=color)}", file=file)
        for x in found.contributions[:STRONGEST]:
            print(
                f"  {x.contribution:+.3f}  " + (" ".join(replace_control_characters(x.text).split()) or repr(x.text)),
                file=file,
            )
        rest = found.logit - found.bias - sum(x.contribution for x in found.contributions[:STRONGEST])
        print(f"  {rest:+.3f}  all other n-grams\n  {found.bias:+.3f}  without any ({found.method})", file=file)
        print(f"  {found.logit:+.3f}  logit of {found.label}\n", file=file)


def _style(output: str) -> str:
    if output == "-":
        return "csv"
    suffix = Path(output.removesuffix(".gz")).suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise InputError(f"--output {output}: cannot write .{suffix}; choose a name that ends in .csv, .tsv or .jsonl")
    return suffix


def _writer(file: IO[str], style: str) -> Callable[[dict[str, Any]], None]:
    """A function that writes a row; the columns of CSV and TSV are those of the first row."""
    if style == "jsonl":
        return lambda row: print(json.dumps(row, ensure_ascii=False), file=file)
    writer: csv.DictWriter | None = None

    def write(row: dict[str, Any]) -> None:
        nonlocal writer
        if writer is None:
            writer = csv.DictWriter(file, list(row), delimiter="\t" if style == "tsv" else ",", lineterminator="\n")
            writer.writeheader()
        try:
            writer.writerow(row)
        except ValueError:
            new = ", ".join(sorted(row.keys() - set(writer.fieldnames)))
            raise InputError(f"a row has {new}, the first row has not; write --output NAME.jsonl instead") from None

    return write


if __name__ == "__main__":
    run(main)
