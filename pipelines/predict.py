"""Label new text with a bundle: every row keeps its columns and gains label and score."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import tyro

from kerascnn.config import Source
from kerascnn.errors import InputError
from kerascnn.files import whole_file
from pipelines.command import parse, run, start_tensorflow

if TYPE_CHECKING:
    from kerascnn import TextClassifier
    from kerascnn.data.rows import Record

# Rows that are held in memory at a time.
CHUNK = 4096
FORMATS = ("csv", "tsv", "jsonl")
SEPARATOR = ";"
"""Stands between labels where neither the command nor the bundle's own data has another."""
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
    """File (csv, tsv, jsonl, parquet, txt with a text a line, also .gz); - is standard input, a text a line."""
    output: str = "-"
    """File to write (csv, tsv, jsonl, also .gz); - is standard output, as CSV."""
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
    """Write JSON lines to standard output."""
    source: Source = field(default_factory=Source)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse(Arguments, "predict", __doc__, argv)
    if args.top_k < 1:
        raise InputError(f"--top-k: {args.top_k} is below 1")
    if not 0 <= args.abstain_below <= 1:
        raise InputError(f"--abstain-below: {args.abstain_below} is no probability, from 0 to 1")
    style = "jsonl" if args.json else _style(args.output)
    if args.explain and (args.top_k > 1 or args.abstain_below):
        raise InputError("--explain explains the best label; leave out --top-k and --abstain-below")
    if args.explain and args.output != "-" and style != "jsonl":
        raise InputError(f"--explain: its answer is no table; write --output NAME.jsonl instead of {args.output}")
    start_tensorflow()
    from kerascnn import load
    from kerascnn.data.rows import Record
    from kerascnn.data.sources import read_texts

    classifier = load(args.bundle)
    if args.abstain_below and classifier.bundle_.task.name == "multi":
        raise InputError(
            f"--abstain-below: {args.bundle} is multi-label, and gives no label that does not reach its own threshold"
            " (thresholds in manifest.json); leave it out"
        )
    if args.texts:
        records: Iterable[Record] = (
            Record({args.source.text_column: text}, "arguments", number) for number, text in enumerate(args.texts, 1)
        )
    else:
        records = read_texts(args.input, args.source)
    with contextlib.nullcontext(sys.stdout) if args.output == "-" else whole_file(Path(args.output)) as file:
        if args.explain:
            _explain(classifier, records, args, file, as_json=style == "jsonl")
            return
        write = _writer(file, style)
        cell = _cell(classifier, args, style)
        for row in _labelled(classifier, records, args, cell):
            write(row)


def _cell(classifier: TextClassifier, args: Arguments, style: str) -> Callable[[list[Any]], Any]:
    """A function from the labels, or scores, of a row to what is written: one, a list for JSON, or joined ones."""
    bundle = classifier.bundle_
    if bundle.task.name == "single" or args.top_k > 1:
        return lambda values: values[0]
    if style == "jsonl":
        return lambda values: values
    separator = args.source.label_separator or bundle.config.source.label_separator or SEPARATOR
    if clash := [label for label in bundle.labels if separator in label]:
        raise InputError(
            f"the label {clash[0]!r} holds {separator!r}, which is to stand between labels; choose another with"
            " --label-separator, or write --output NAME.jsonl"
        )
    return lambda values: separator.join(map(str, values))


def _labelled(
    classifier: TextClassifier, records: Iterable[Record], args: Arguments, cell: Callable[[list[Any]], Any]
) -> Iterator[dict[str, Any]]:
    """The columns of each record and its labels, a chunk at a time, so that a file of any size fits in memory."""
    records, k = iter(records), args.top_k
    while chunk := list(itertools.islice(records, CHUNK)):
        texts = [record.fields[args.source.text_column] for record in chunk]
        answers = classifier.predict_scored(texts) if k == 1 else classifier.predict_top_k(texts, k)
        for record, answer in zip(chunk, answers, strict=True):
            sure = not args.abstain_below or answer[0][1] >= args.abstain_below
            labels, scores = [label if sure else "" for label, _ in answer], [round(score, 6) for _, score in answer]
            row: dict[str, Any] = dict(record.fields)
            if k == 1:
                row |= {_free("label", record): cell(labels), _free("score", record): cell(scores)}
            else:
                for rank, (label, score) in enumerate(zip(labels, scores, strict=True), 1):
                    row |= {_free(f"label_{rank}", record): label, _free(f"score_{rank}", record): score}
            yield row


def _explain(
    classifier: TextClassifier, records: Iterable[Record], args: Arguments, file: IO[str], *, as_json: bool
) -> None:
    """Write an explanation a record: a JSON line, or for people the marked text and its strongest n-grams."""
    from kerascnn.evaluation.explanation import printable

    color = file.isatty() and "NO_COLOR" not in os.environ
    for record in records:
        found = classifier.explain(record.fields[args.source.text_column])
        if as_json:
            row = record.fields | {_free(name, record): value for name, value in found.to_dict().items()}
            print(json.dumps(row, ensure_ascii=False), file=file)
            continue
        print(f"{found.label} {found.score:.4f}\n{found.marked(color=color)}", file=file)
        for x in found.contributions[:STRONGEST]:
            print(f"  {x.contribution:+.3f}  {' '.join(printable(x.text).split()) or repr(x.text)}", file=file)
        rest = found.logit - found.bias - sum(x.contribution for x in found.contributions[:STRONGEST])
        print(f"  {rest:+.3f}  all other n-grams\n  {found.bias:+.3f}  without any ({found.method})", file=file)
        print(f"  {found.logit:+.3f}  logit of {found.label}\n", file=file)


def _free(name: str, record: Record) -> str:
    """A column of the input keeps its name and its values; ours makes way."""
    return f"predicted_{name}" if name in record.fields else name


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
