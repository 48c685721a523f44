"""Add predictions of a bundle to every row of a file or of a folder of files."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, ClassVar, Literal, TypeVar, cast

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import STDIN
from kerascnn.loading import load
from kerascnn.manifest import is_tagger, read_manifest, reject_ensemble
from kerascnn.runtimes.runtime import Runtime
from kerascnn.scoring.output_columns import OutputSpec, add_predictions
from kerascnn.scoring.runtime_choice import choose_for_records
from kerascnn.scoring.table_writer import RowWriter, output_format
from kerascnn.settings import FileName
from kerascnn.utils.atomic_files import atomic_write, check_output_file
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import is_address
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.remote_files import check_remote, is_remote, write_remote
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.bundle_data import name_bundle, parse_for_bundle
from pipelines.command import choose_log, read_bundle_config, read_task_and_labels, run
from pipelines.explanations import explanation_format, write_explanations
from pipelines.outputs import check_outputs
from pipelines.predict_folder import find_parts, predict_folder

if TYPE_CHECKING:
    from kerascnn.classifier import TextClassifier
    from kerascnn.data.records import Record

RowT = TypeVar("RowT")

DEFAULT_SEPARATOR = ";"
"""Joins labels if neither the command nor the training data of the bundle has a separator."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle, the texts and the output."""

    UNUSED: ClassVar = ("label_column", "label_columns")

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle."""
    texts: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[TEXT ...]")] = ()
    """Texts to classify, instead of --input."""
    input: FileName = "-"
    """File (csv, tsv, jsonl, parquet, txt with one text per line, also .gz), or folder of such files except txt; -
    reads standard input, one text per line. A tagger also reads tokens (conll, conllu). A file may be an address
    (s3://, gs://, https://), also that of --output (needs the extra cloud)."""
    output: FileName = "-"
    """File to write (csv, tsv, jsonl, also .gz; of a tagger conll, jsonl); - is standard output, as CSV or CoNLL. For a
    folder of files, the folder for one Parquet file (of a tagger JSON lines) per input file; finished files are
    skipped."""
    engine: Literal["local", "ray"] = "local"
    """How to score a folder of files: local uses this process; ray uses Ray workers on this machine, or on the cluster
    at RAY_ADDRESS, which also share the rows of large files, and of a single --input file, whose --output is a folder
    then (needs the extra ray)."""
    runtime: Runtime = "auto"
    """What computes the predictions: tensorflow; tflite or onnx, an export of the bundle, which answers without
    TensorFlow and in a fraction of a second. auto: such an export for up to 1,024 rows, if the bundle has one and its
    package is installed; otherwise tensorflow, as for hf:// wherever it is installed."""
    workers: int = 0
    """Workers of --engine ray, one CPU core each; 0: one per core."""
    top_k: int = 1
    """Labels per row: 1 adds the columns label,score; more adds label_1,score_1,label_2,… With a multi-label bundle, 1
    adds all labels that reach their threshold, the most probable first, joined by --label-separator; more adds the most
    probable labels regardless of thresholds."""
    abstain_below: float = 0.0
    """Leave the label empty if its probability is lower; find_threshold computes values. Not for multi-label bundles,
    whose labels have thresholds of their own."""
    spreadsheet_safe: bool = False
    """Write an apostrophe before cells of CSV and TSV that begin with = + - @: spreadsheets run them as formulas."""
    explain: bool = False
    """Also show which n-grams support the label and which oppose it: marked in the text, with --json as logit, bias and
    contributions, or with --html as a web page."""
    html: bool = False
    """With --explain: write a web page, to standard output or to --output NAME.html."""
    json: bool = False
    """Write JSON lines to standard output; for a folder, the summary as JSON."""
    quiet: bool = False
    """Print results and errors only, no progress and no messages."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.predict") -> None:
    """Run the command."""
    args = _read_texts_only(argv) or parse_for_bundle(
        Arguments, prog, __doc__, argv, columns=("text_column",), reads_columns=_reads_columns
    )
    if args.top_k < 1:
        raise InputError(f"--top-k: {args.top_k} is below 1")
    if not 0 <= args.abstain_below <= 1:
        raise InputError(f"--abstain-below: {args.abstain_below} is not a probability from 0 to 1")
    if args.explain and (args.top_k > 1 or args.abstain_below):
        raise InputError("--explain explains the predicted label; leave out --top-k and --abstain-below")
    if args.html and (args.json or not args.explain):
        reason = "--json is another format; leave one of them out" if args.json else "add --explain"
        raise InputError(f"--html: {reason}")
    if is_tagger(Path(args.bundle)):
        from pipelines.predict_tags import predict_tags  # a quick answer imports little

        predict_tags(args, _read_records_with_progress, choose_log(quiet=args.quiet))
        return
    if args.explain and args.runtime not in ("auto", "tensorflow"):
        raise InputError(f"--explain needs TensorFlow; leave out --runtime {args.runtime}")
    if args.explain:
        reject_ensemble(Path(args.bundle), read_manifest(Path(args.bundle)), "--explain explains a single model")
    if parts := find_parts(args):
        predict_folder(args, parts)
        return
    if is_remote(args.output):
        check_remote(args.output)
    elif args.output != "-":
        check_output_file(Path(args.output))
        check_outputs({"--output": args.output}, bundles=[args.bundle])
    is_local = args.output != "-" and not is_remote(args.output)
    with lock_output(Path(args.output)) if is_local else contextlib.nullcontext():
        _predict_rows(args)


def _reads_columns(args: Arguments) -> bool:
    """Return whether the texts are in a column; arguments and lines of standard input are not."""
    return not args.texts and (args.input != STDIN or args.source.format != "auto")


def _read_texts_only(argv: Sequence[str] | None) -> Arguments | None:
    """Return the arguments of a command line without options; None if it has options.

    The parser of options takes a third of the time in which an export answers.
    """
    bundle, *texts = argv or [""]
    has_options = any(argument.startswith("-") for argument in (bundle, *texts)) or is_address(bundle)
    return Arguments(bundle=bundle, texts=tuple(texts)) if texts and not has_options else None


def _predict_rows(args: Arguments) -> None:
    """Predict texts from a file, standard input or the command line, one after another."""
    if args.engine == "ray" or args.workers:
        source = "TEXTS" if args.texts else repr(args.input)
        raise InputError(
            f"--engine ray scores a folder of files or a file of rows, and {source} is neither; give --input FOLDER, or"
            " leave out --engine and --workers"
        )
    file_format: str
    if args.explain:
        file_format = explanation_format(args.output, as_html=args.html, as_json=args.json)
    else:
        file_format = "jsonl" if args.json else output_format(args.output)
    runtime: Runtime = "tensorflow" if args.explain else args.runtime
    task, labels = read_task_and_labels(args.bundle, runtime=runtime)
    separator = args.source.label_separator
    if task.predicts_list and not separator:  # takes a while to read
        separator = read_bundle_config(args.bundle).source.label_separator
    output_spec = OutputSpec(
        top_k=args.top_k,
        abstain_below=args.abstain_below,
        # JSON has lists
        separator="" if file_format == "jsonl" or args.top_k > 1 else separator or DEFAULT_SEPARATOR,
        as_names=file_format != "jsonl",
    )
    if not args.explain:
        output_spec.check(labels, task=task, remedy="write --output NAME.jsonl")
    if not args.texts and args.input == STDIN and sys.stdin.isatty():
        choose_log(quiet=args.quiet)("reading standard input, one text per line; Ctrl-D ends it, Ctrl-Z on Windows")
    records = _read_records(args)
    if args.texts or args.input != STDIN:  # the first record shows whether the file can be read
        records = itertools.chain(list(itertools.islice(records, 1)), records)
    runtime, records = choose_for_records(Path(args.bundle), runtime, records, args.source.text_column)
    if runtime == "tensorflow":
        start_tensorflow()
    classifier, count = load(args.bundle, runtime=runtime), 0
    with _open_output(args.output) as file:
        if args.explain:
            explained = cast("TextClassifier", classifier)
            count = write_explanations(
                explained, _show_progress(records, args), args.source.text_column, file, file_format,
                title=name_bundle(args.bundle),
            )  # fmt: skip
        else:
            writer = RowWriter(file, file_format, spreadsheet_safe=args.spreadsheet_safe)
            rows = add_predictions(classifier, records, args.source.text_column, output_spec)
            for count, row in enumerate(_show_progress(rows, args), 1):  # noqa: B007
                writer.write(row)
            if file_format != "jsonl" and not writer.columns:  # a file without rows gives a table without rows
                writer.write_header([*_column_names(args), *output_spec.column_names(len(labels))])
    if args.output != "-":
        choose_log(quiet=args.quiet)(f"wrote {count:,} {'row' if count == 1 else 'rows'} to {args.output}")


def _open_output(output: str) -> contextlib.AbstractContextManager[IO[str]]:
    """Return the file to write, which appears when it is complete."""
    if output == "-":
        return contextlib.nullcontext(sys.stdout)
    return write_remote(output) if is_remote(output) else atomic_write(Path(output))


def _show_progress(records: Iterable[RowT], args: Arguments) -> Iterable[RowT]:
    """Show a progress bar, unless it would mix with predictions on the terminal."""
    is_shown = not args.quiet and sys.stderr.isatty() and not (args.output == "-" and sys.stdout.isatty())
    if not is_shown:
        return records
    from kerascnn.data.row_estimate import estimate_rows
    from kerascnn.utils.progress import progress_bar

    total = len(args.texts) or estimate_rows(args.input, args.source)
    return progress_bar(records, title="predicting", unit="rows", total=total)


def _read_records_with_progress(args: Arguments) -> Iterator[Record]:
    return iter(_show_progress(_read_records(args), args))


def _column_names(args: Arguments) -> list[str]:
    """Return the columns of the input; standard input cannot be read again, and has the text at least."""
    from kerascnn.data import readers

    if args.texts or not (os.path.isfile(args.input) or is_remote(args.input)):
        return [args.source.text_column]
    return readers.column_names(args.input, args.source)


def _read_records(args: Arguments) -> Iterator[Record]:
    if not args.texts:
        from kerascnn.data.sources import read_texts
        from kerascnn.data.tfds import start_tensorflow_for

        start_tensorflow_for([args.input])
        return read_texts(args.input, args.source)
    from kerascnn.data.json_values import to_text
    from kerascnn.data.records import Record

    column = args.source.text_column  # arguments that are not UTF-8 have surrogates
    return (Record({column: to_text(text)}, "arguments", number) for number, text in enumerate(args.texts, 1))


if __name__ == "__main__":
    run(main)
