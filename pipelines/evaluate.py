"""Evaluate a bundle on labelled data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import TAGGING_TASK
from kerascnn.evaluation.curve_plots import list_pictures
from kerascnn.evaluation.figures import PictureFormat
from kerascnn.evaluation.plot_files import write_plots
from kerascnn.manifest import read_manifest, reject_ensemble
from kerascnn.settings import DataSources, FileName
from kerascnn.utils.errors import InputError
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.bundle_data import name_bundle, parse_for_bundle, read_labelled_rows
from pipelines.command import choose_log, read_task_and_labels, run
from pipelines.outputs import check_outputs
from pipelines.tables import check_table, label_separator, write_table

if TYPE_CHECKING:
    import numpy as np

    from kerascnn.classifier import TextClassifier
    from kerascnn.data.records import Row
    from kerascnn.tasks import Task
    from kerascnn.utils.stderr import Log

PLOTS_NEED_FOLDER = "--plots writes into the folder of a report; give --report FOLDER"


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle and the data."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle."""
    data: DataSources
    """Labelled data, as for training."""
    report: Annotated[str, tyro.conf.arg(metavar="FILE|FOLDER")] = ""
    """Also write a report like that of the training: a file NAME.html, or a folder for report.html, metrics.json,
    mistakes.csv and pictures."""
    mistakes: FileName = ""
    """Also write the rows that are predicted wrongly, of a tagger the tokens, into this file (csv, tsv, jsonl, also
    .gz), those whose label is least probable first."""
    spreadsheet_safe: bool = False
    """Write an apostrophe before cells of mistakes that begin with = + - @: spreadsheets run them as formulas."""
    no_examples: bool = False
    """Leave texts of the data out of the report."""
    plots: tuple[PictureFormat, ...] = ()
    """Also write the pictures of the report into the folder plots of a folder --report, in these formats."""
    json: bool = False
    """Print the metrics as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages about the data."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.evaluate") -> None:
    """Run the command."""
    args = parse_for_bundle(Arguments, prog, __doc__, argv)
    log = choose_log(quiet=args.quiet)
    task, labels = read_task_and_labels(args.bundle)
    check_table(args.mistakes, "--mistakes")
    if args.report:
        reject_ensemble(Path(args.bundle), read_manifest(Path(args.bundle)), "a report describes a single model")
    if args.plots and not args.report:
        raise InputError(PLOTS_NEED_FOLDER)
    if args.report:
        from kerascnn.evaluation.evaluation_report import check_report_path, is_page

        check_report_path(Path(args.report))
        if args.plots and is_page(Path(args.report)):
            raise InputError(PLOTS_NEED_FOLDER)
    check_outputs(_name_outputs(args), data=args.data, bundles=[args.bundle])
    rows = read_labelled_rows(args.data, args.source, args.bundle, log)
    if task.name == TAGGING_TASK:
        _evaluate_tags(args, rows, task, log)
        return
    start_tensorflow()
    from kerascnn.loading import load

    classifier = load(args.bundle)
    bundle = classifier.bundle_
    targets = bundle.encode_names(task.labels_of_rows(rows))
    probabilities = classifier.predict_proba([row.text for row in rows])
    metrics = bundle.evaluate(targets, probabilities)
    # first: a file that cannot be written must not lose them
    print(json.dumps(metrics, ensure_ascii=False) if args.json else task.format_metrics(metrics), flush=True)
    if args.report:
        _write_report(args, classifier, rows, targets, probabilities, metrics)
        if args.plots:
            write_plots(list_pictures(metrics, [], labels), Path(args.report) / "plots", args.plots)
        log(f"wrote {args.report}")
    if file := _name_mistakes(args):
        count = _write_mistakes(file, args, classifier, rows, targets, probabilities)
        log(f"wrote {count:,} of {len(rows):,} {'row' if len(rows) == 1 else 'rows'} to {file}")


def _evaluate_tags(args: Arguments, rows: Sequence[Row], task: Task, log: Log) -> None:
    """Print the metrics of a tagger, and write its report and its mistakes.

    Raises:
        InputError: An option is not for taggers.
    """
    if args.plots:
        raise InputError(f"--plots: {args.bundle} has a tag for each token, whose report has no pictures; leave it out")
    start_tensorflow()
    from kerascnn.data.tag_schemes import has_spans
    from kerascnn.evaluation.tag_mistakes import TAG_MISTAKE_COLUMNS, list_tag_mistakes
    from kerascnn.evaluation.tagger_card import TaggedExample, write_new_report
    from kerascnn.tasks.tagging_metrics import evaluate_tags
    from kerascnn.token_classifier import TokenClassifier

    tagger = TokenClassifier.load(args.bundle)
    sentences, tags = task.texts_of_rows(rows), task.labels_of_rows(rows)
    answers = tagger.tag_sentences(sentences)
    predicted = [found for found, _ in answers]
    metrics = evaluate_tags(tags, predicted, sentences, is_spans=has_spans(tagger.classes_))
    print(json.dumps(metrics, ensure_ascii=False) if args.json else task.format_metrics(metrics), flush=True)
    if args.report:
        examples = [] if args.no_examples else list(map(TaggedExample, sentences, tags, predicted))
        heading = f"{name_bundle(args.bundle)} on {', '.join(args.data)}"
        write_new_report(tagger.bundle_, Path(args.report), metrics=metrics, examples=examples, heading=heading)
        log(f"wrote {args.report}")
    if file := _name_mistakes(args):
        mistakes = list_tag_mistakes(rows, answers, tagger.bundle_.labels)
        count = write_table(file, mistakes, TAG_MISTAKE_COLUMNS, spreadsheet_safe=args.spreadsheet_safe)
        log(f"wrote {count:,} of {metrics['tokens']:,} tokens to {file}")


def _name_outputs(args: Arguments) -> dict[str, str | Path]:
    """Return the files to write, by their options."""
    outputs: dict[str, str | Path] = {"--mistakes": _name_mistakes(args)}
    if args.report:
        from kerascnn.evaluation.evaluation_report import list_report_files

        outputs |= {f"--report ({path.name})": path for path in list_report_files(Path(args.report))}
    return outputs


def _name_mistakes(args: Arguments) -> str:
    """Return the file of the mistakes; empty: none. A folder for the report has one, unless it may show no texts."""
    if args.mistakes or args.no_examples or not args.report:
        return args.mistakes
    from kerascnn.evaluation.evaluation_report import is_page

    return "" if is_page(Path(args.report)) else str(Path(args.report) / "mistakes.csv")


def _write_mistakes(
    file: str, args: Arguments, classifier: TextClassifier, rows: Sequence[Row], targets: np.ndarray,
    probabilities: np.ndarray,
) -> int:  # fmt: skip
    """Write the rows that are predicted wrongly, and return their number."""
    from kerascnn.evaluation.mistakes import MISTAKE_COLUMNS, list_mistakes

    separator = label_separator(file, args.source)
    mistakes = list_mistakes(classifier.bundle_, rows, targets, probabilities, separator)
    return write_table(file, mistakes, MISTAKE_COLUMNS, spreadsheet_safe=args.spreadsheet_safe)


def _write_report(
    args: Arguments, classifier: TextClassifier, rows: Sequence[Row], targets: np.ndarray, probabilities: np.ndarray,
    metrics: Mapping[str, Any],
) -> None:  # fmt: skip
    from kerascnn.data.records import hash_rows
    from kerascnn.evaluation.evaluation_report import write_evaluation_report
    from kerascnn.evaluation.report import collect_examples

    bundle, examples = classifier.bundle_, {}
    if not args.no_examples:
        examples = collect_examples(
            [row.text for row in rows], targets, probabilities, bundle.labels, task=bundle.task,
            thresholds=bundle.thresholds,
        )  # fmt: skip
    write_evaluation_report(
        bundle, Path(args.report), bundle_folder=Path(args.bundle), name=name_bundle(args.bundle), metrics=metrics,
        examples=examples,
        data={"sources": list(args.data), "rows": len(rows), "sha256": hash_rows(rows)},
        explain=lambda text, position: classifier.explain(text, classifier.classes_[position]),
    )  # fmt: skip


if __name__ == "__main__":
    run(main)
